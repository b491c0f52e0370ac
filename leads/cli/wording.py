"""`handoff wording`: which e-mails are approved, until when, and which version a mail that went out said."""

import uuid
from typing import Annotated, Any

import typer
from rich.table import Table

from leads import db
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.cli.sending import operator
from leads.local import attach
from leads.messages.approvals import Standing, standings
from leads.messages.as_sent import AsSent, as_sent
from leads.messages.shipped import write_shipped

commands = typer.Typer(help="What our e-mails say: which versions are approved, until when, and how a sent one read.", no_args_is_help=True)
app.add_typer(commands, name="wording")


@commands.command(name="list")
def list_them(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """List every e-mail in each of its languages, and how it stands with its reviewers."""
    attach(data_dir)
    with db.transaction() as session:
        found = standings(session)
        told = [_told(each) for each in found]
    if as_json:
        print_json(told)
        return
    table = Table("e-mail", "language", "version", "stands", "until", box=None)
    for each in told:
        table.add_row(each["name"], each["language"], each["version"][:12], each["status"], each["until"] or "")
    out.print(table)


@commands.command()
def sent(
    message_id: Annotated[uuid.UUID, typer.Argument(metavar="MESSAGE", help="The id of a message, as `explain --json` shows it.")],
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """Say which version a sent e-mail was made from, and whether making it again gives the very bytes that went out; prints no text."""
    attach(data_dir)
    with db.transaction() as session:
        found = as_sent(session, message_id, actor=operator())
        said = _proof(found)
    if as_json:
        print_json(said)
    else:
        out.print(f"{said['template']} ({said['language']}), version {said['version']}\n{found.in_words}", markup=False)


@commands.command()
def ship() -> None:
    """Write down the versions of the files here as those we ship with: for who works on the shipped e-mails; it counts in a trial only."""
    out.print(f"written: {write_shipped()}", markup=False)


def _told(each: Standing) -> dict[str, Any]:
    until = each.until.isoformat() if each.until else None
    return {"name": each.template.name, "language": each.language, "version": each.version, "status": each.status, "until": until}


def _proof(found: AsSent) -> dict[str, Any]:
    mail = found.message
    return {"template": mail.template, "language": mail.language, "version": mail.template_version, "proof": found.proof}
