"""`handoff simulate`: the dated calendar of a sequence, the rule that moved each date, and what each mail says."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from leads import db
from leads.audit.trail import record_about
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.cli.sending import operator
from leads.clock import now
from leads.errors import Invalid
from leads.local import attach
from leads.messages.render import Rendered
from leads.pipeline.find import by_number
from leads.sequences.assume import EXAMPLES
from leads.sequences.clock_changes import clock_changes, local
from leads.sequences.in_words import in_words
from leads.sequences.plan import PlannedStep
from leads.sequences.read_ahead import read_for_lead, read_made_up
from leads.sequences.simulate import simulate, simulate_lead

Key = Annotated[str, typer.Argument(metavar="SEQUENCE", help="The name of a file in config/sequences, without .yml.")]
Start = Annotated[
    str | None,
    typer.Option("--from", metavar="DAY", help="The first day, or the day of the visit, as 2026-12-23 (at 10:00) or 2026-12-23T09:30."),
]
Facts = Annotated[list[str] | None, typer.Option("--fact", help="A fact of only_if, like visit.missed=true; may be repeated.")]
Assume = Annotated[
    list[str] | None,
    typer.Option("--assume", help=f'Something to happen, day 0 being the first; may be repeated: "{EXAMPLES[0]}", "{EXAMPLES[2]}".'),
]
Beside = Annotated[
    list[str] | None,
    typer.Option(
        "--beside", help="Another sequence the person runs in, like visit=2026-12-28: its mails count in the caps too. Repeatable."
    ),
]
LeadNumber = Annotated[str | None, typer.Option("--lead", help="A lead that runs in it, like L-000042: what is still to come, from now.")]
Bodies = Annotated[bool, typer.Option("--bodies", help="Print what each mail says; to a lead, with its own facts and visit.")]
Mails = list[Rendered | None]


@app.command(name="simulate")
def simulate_command(
    key: Key,
    data_dir: DataDir = VAR,
    office: Annotated[str | None, typer.Option(help="Whose hours, zone and closures count.")] = None,
    start: Start = None,
    language: Annotated[str, typer.Option(help="en or es")] = "en",
    fact: Facts = None,
    assume: Assume = None,
    beside: Beside = None,
    lead: LeadNumber = None,
    bodies: Bodies = False,
    as_json: AsJson = False,
) -> None:
    """Print what a sequence would send, and when, to somebody who starts on a day, or to a lead; without --lead it needs no database."""
    if lead is None:
        facts = dict(map(_fact, fact or []))
        begins = _start(start)
        others = dict(_beside(each, begins) for each in beside or [])
        steps = simulate(key, office=office, start=begins, language=language, facts=facts, assume=assume or [], beside=others)
        mails = read_made_up(steps, office=office, language=language)
    elif start or fact or office or beside:
        raise Invalid(
            "--lead: a lead has its own office, facts and mails, and begins now; leave out --office, --from, --fact and --beside."
        )
    else:
        steps, mails = _of_lead(lead, key, assume or [], data_dir)
    if as_json:
        print_json([_as_json(step, mail, change) for step, mail, change in zip(steps, mails, clock_changes(steps), strict=True)])
        return
    # Into a file or a pipe a table may be as wide as it needs to be.
    console = out if out.is_terminal else Console(width=140)
    console.print(_table(key, steps, mails))
    if bodies:
        for step, mail in zip(steps, mails, strict=True):
            _print_body(console, step, mail)


def _of_lead(number: str, key: str, assume: list[str], data_dir: Any) -> tuple[list[PlannedStep], Mails]:
    attach(data_dir)
    with db.transaction() as session:
        lead = by_number(session, number)
        steps = simulate_lead(session, lead.id, key, stage=lead.stage, assume=assume)
        record_about(session, "person.read", "people", lead.person_id, actor=operator(), lead=lead.number, why="simulation")
        return steps, read_for_lead(session, lead.id, key, steps)


def _start(given: str | None) -> date | datetime:
    if given is None:
        return now()
    try:
        return date.fromisoformat(given) if len(given) == len("2026-12-23") else datetime.fromisoformat(given)
    except ValueError:
        raise Invalid(f"--from: {given} is no day; write 2026-12-23, 2026-12-23T09:30, or a moment with its offset.") from None


def _beside(text: str, begins: date | datetime) -> tuple[str, date | datetime]:
    key, _, day = text.partition("=")
    return key, _start(day) if day else begins


def _fact(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"Write a fact as name=value, like visit.missed=true, not {text}.")
    return name, {"true": True, "false": False}.get(value.lower(), value)


def _as_json(step: PlannedStep, mail: Rendered | None, change: date | None) -> dict[str, Any]:
    rule = step.window.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    names = ("due_at", "planned_for", "useful_until", "visit_at")
    moments = {name: at.isoformat() if (at := getattr(step, name)) else None for name in names}
    words = {"subject": mail.subject if mail else None, "text": mail.text if mail else None}
    return asdict(step) | {"window": rule, "why": in_words(step.skip) if step.skip else None, "clocks_changed_on": change} | words | moments


def _table(key: str, steps: Sequence[PlannedStep], mails: Sequence[Rendered | None]) -> Table:
    zone = steps[0].zone if steps else ""
    table = Table(title=f"{key} ({zone})", title_justify="left", box=box.SIMPLE)
    for heading in ("Day", "Step", "Subject", "Moved by"):
        table.add_column(heading, no_wrap=heading in ("Day", "Step"))
    for step, mail, change in zip(steps, mails, clock_changes(steps), strict=True):
        if change:
            table.add_row(f"{change:%a %Y-%m-%d}", "", "the clocks change", "")
        why = [*step.moved_by, f"not sent: {in_words(step.skip)}"] if step.skip else step.moved_by
        table.add_row("" if step.skip else f"{local(step):%a %Y-%m-%d %H:%M}", _name(step), _said(step, mail), "\n".join(why))
    return table


def _name(step: PlannedStep) -> str:
    return step.step if step.template in (None, step.step) else f"{step.step} ({step.template})"


def _said(step: PlannedStep, mail: Rendered | None) -> str:
    return mail.subject if mail else f"to-do: {step.words or (step.todo or '').replace('-', ' ')}"


def _print_body(console: Console, step: PlannedStep, mail: Rendered | None) -> None:
    if mail is not None and not step.skip:
        console.rule(f"{local(step):%a %Y-%m-%d %H:%M}  {mail.subject}", align="left")
        console.print(mail.text, markup=False, highlight=False)
