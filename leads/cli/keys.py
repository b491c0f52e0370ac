"""`handoff keys`: making, listing and revoking API keys."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leads import db
from leads.accounts.keys import all_keys, create_key
from leads.accounts.keys import revoke as revoke_key
from leads.accounts.models import SCOPES, ApiKey
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.local import attach

keys = typer.Typer(help="API keys: who may write to us and read from us by machine.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Name = Annotated[str, typer.Option("--name", help='Whose key it is, such as "Our site".')]
Scopes = Annotated[
    list[str], typer.Option("--scope", help=f"May be given several times: {', '.join(SCOPES)}; referrals is short for both.")
]


@keys.command()
def create(name: Name, scope: Scopes, data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """Make a key and print it, last on its line: it is shown this once."""
    attach(data_dir)
    with db.transaction() as session:
        key, text = create_key(session, name, scope)
    if as_json:
        print_json(_as_json(key) | {"key": text})
    else:
        typer.echo(f"Key for {key.name}, may {', '.join(key.scopes)}, shown only now: {text}")


@keys.command(name="list")
def list_keys(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """List every key, the revoked ones too; the keys themselves are kept nowhere."""
    attach(data_dir)
    with db.transaction() as session:
        found = all_keys(session)
    if as_json:
        print_json([_as_json(key) for key in found])
    elif found:
        out.print(_table(found))
    else:
        out.print("There are no keys yet: handoff keys create --name NAME --scope SCOPE", markup=False)


@keys.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="KEY", help="The id, the hint or the name that `handoff keys list` shows.")],
    data_dir: DataDir = VAR,
) -> None:
    """Revoke a key: it stops at once."""
    attach(data_dir)
    with db.transaction() as session:
        key = revoke_key(session, which)
    out.print(f"The key {key.hint}… for {key.name} is revoked.", markup=False)


def _table(found: Sequence[ApiKey]) -> Table:
    table = Table("Name", "Begins with", "May", "Made", "Revoked", "Id")
    for key in found:
        made, revoked = (f"{moment:%Y-%m-%d}" if moment else "" for moment in (key.created_at, key.revoked_at))
        table.add_row(escape(key.name), key.hint, ", ".join(key.scopes), made, revoked, str(key.id))
    return table


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "hint": key.hint,
        "scopes": key.scopes,
        "created_at": key.created_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
