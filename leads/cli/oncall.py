"""`handoff oncall`: who is on call, whether a page is known to reach them, and trying it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.db import transaction
from leads.local import attach
from leads.safety.oncall import Contact, is_staffed, roster
from leads.safety.try_contact import try_everybody

oncall = typer.Typer(help="Who is paged when somebody may be in danger, and whether a page reaches them.", no_args_is_help=True)
app.add_typer(oncall, name="oncall")


@oncall.command(name="list")
def show(as_json: AsJson = False, data_dir: DataDir = VAR) -> None:
    """Show everybody on the roster, who is on call now, and when each last answered a test."""
    attach(data_dir)
    with transaction() as session:
        people, staffed = roster(session), is_staffed(session)
    rows = [_row(each, place) for each in people.everybody for place in [_place(each, people.now)]]
    if as_json:
        return print_json({"answers": people.answers, "staffed": staffed, "roster": rows})
    table = Table("e-mail", "now", "answered a test", "counts", box=None)
    for each in rows:
        now = f"on call, {each['place']}." if each["place"] else "off"
        tested = f"{each['tested_at']:%Y-%m-%d %H:%M} UTC" if each["tested_at"] else "never" if each["has_account"] else "no open account"
        table.add_row(escape(each["email"]), now, tested, "yes" if each["counts"] else "no")
    out.print(table)
    for each in (each for each in rows if each["silent"]):
        out.print(f"{each['email']} did not answer the test of {each['asked_at']:%Y-%m-%d %H:%M} UTC: call them.", markup=False)
    return out.print(_in_words(answers=people.answers, staffed=staffed))


@oncall.command(name="test")
def try_out(
    email: Annotated[str | None, typer.Argument(help="One of the roster; everybody when left out.")] = None,
    data_dir: DataDir = VAR,
) -> None:
    """Send a test page; whoever answers it counts as on call for the days that config/clinic.yml says."""
    attach(data_dir)
    with transaction() as session:
        tried = try_everybody(session, email=email)
    for each in tried:
        out.print(f"A test is on its way to {each.email}. It counts once they have answered it.", markup=False)


def _place(contact: Contact, now: Any) -> int:
    return now.index(contact) + 1 if contact in now else 0


def _row(contact: Contact, place: int) -> dict[str, Any]:
    kept = asdict(contact)
    account_id = kept.pop("account_id")
    return kept | {"has_account": account_id is not None, "counts": contact.counts, "silent": contact.is_silent, "place": place or None}


def _in_words(*, answers: bool, staffed: bool) -> str:
    if not answers:
        return "Nobody on call now is known to be reached: pages go to the office's address too, and the forms do not ask about self-harm."
    if not staffed:
        return "Somebody is on call. Staffed mode is off (on_call.staffed): the forms do not ask about self-harm."
    return "Somebody is on call, and the forms ask about self-harm."
