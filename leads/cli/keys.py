"""`handoff keys`: making, listing and revoking API keys."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leads import db
from leads.accounts.keys import all_keys
from leads.accounts.keys import revoke as revoke_key
from leads.accounts.models import SCOPES, ApiKey
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.local import attach
from leads.providers.practices import create_practice_key, practices_of

keys = typer.Typer(help="API keys: who may write to us and read from us by machine.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Name = Annotated[str, typer.Option("--name", help='Whose key it is, such as "Our site".')]
Scopes = Annotated[
    list[str], typer.Option("--scope", help=f"May be given several times: {', '.join(SCOPES)}; referrals is short for both.")
]
PracticeName = Annotated[
    str | None,
    typer.Option("--practice", help="The practice it belongs to, by name or id; a key that refers has one, by default called like it."),
]


@keys.command()
def create(name: Name, scope: Scopes, practice: PracticeName = None, data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """Make a key and print it, last on its line: it is shown this once."""
    attach(data_dir)
    with db.transaction() as session:
        key, text, owner = create_practice_key(session, name, scope, practice=practice)
        practice = owner.name if owner else None
    if as_json:
        print_json(_as_json(key, practice) | {"key": text})
    else:
        belongs = f", of the practice {practice}" if practice else ""
        typer.echo(f"Key for {key.name}{belongs}, may {', '.join(key.scopes)}, shown only now: {text}")


@keys.command(name="list")
def list_keys(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """List every key, the revoked ones too; the keys themselves are kept nowhere."""
    attach(data_dir)
    with db.transaction() as session:
        found = all_keys(session)
        practices = practices_of(session, found)
    if as_json:
        print_json([_as_json(key, practices.get(key.id)) for key in found])
    elif found:
        out.print(_table(found, practices))
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


def _table(found: Sequence[ApiKey], practices: dict[uuid.UUID, str]) -> Table:
    table = Table("Name", "Begins with", "May", "Made", "Revoked", "Id")
    for key in found:
        made, revoked = (f"{moment:%Y-%m-%d}" if moment else "" for moment in (key.created_at, key.revoked_at))
        name = f"{key.name}\nof {practices[key.id]}" if key.id in practices else key.name
        table.add_row(escape(name), key.hint, ", ".join(key.scopes), made, revoked, str(key.id))
    return table


def _as_json(key: ApiKey, practice: str | None) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "hint": key.hint,
        "scopes": key.scopes,
        "practice": practice,
        "practice_id": str(key.practice_id) if key.practice_id else None,
        "created_at": key.created_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
