"""`handoff simulate`: the dated calendar of a sequence, and the rule that moved each date."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.clock import now
from leads.errors import Invalid
from leads.messages.render import render
from leads.messages.templates import catalogue
from leads.sequences.in_words import in_words
from leads.sequences.plan import PlannedStep
from leads.sequences.simulate import simulate

Key = Annotated[str, typer.Argument(metavar="SEQUENCE", help="The name of a file in config/sequences, without .yml.")]
Start = Annotated[
    str | None,
    typer.Option("--from", metavar="DAY", help="The first day, or the day of the visit, as 2026-12-23 (at 10:00) or 2026-12-23T09:30."),
]
Facts = Annotated[list[str] | None, typer.Option("--fact", help="A fact of only_if, like visit.missed=true; may be repeated.")]
# A visit has words of its own in a subject; any other fact of a mail is only needed for it to render.
SAMPLE = {"visit_day": "(the day)", "visit_time": "(the time)"}


@app.command(name="simulate")
def simulate_command(
    key: Key,
    data_dir: DataDir = VAR,
    office: Annotated[str | None, typer.Option(help="Whose hours, zone and closures count.")] = None,
    start: Start = None,
    language: Annotated[str, typer.Option(help="en or es")] = "en",
    fact: Facts = None,
    as_json: AsJson = False,
) -> None:
    """Print what a sequence would send, and when, to somebody who starts on a day; needs no database."""
    steps = simulate(key, office=office, start=_start(start), language=language, facts=dict(map(_fact, fact or [])))
    if as_json:
        print_json([_as_json(step, _subject(step, office, language)) for step in steps])
    else:
        table = _table(key, steps, [_subject(step, office, language) for step in steps])
        # Into a file or a pipe a table may be as wide as it needs to be.
        (out if out.is_terminal else Console(width=140)).print(table)


def _start(given: str | None) -> date | datetime:
    if given is None:
        return now()
    try:
        return date.fromisoformat(given) if len(given) == len("2026-12-23") else datetime.fromisoformat(given)
    except ValueError:
        raise Invalid(f"--from: {given} is no day; write 2026-12-23, 2026-12-23T09:30, or a moment with its offset.") from None


def _fact(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"Write a fact as name=value, like visit.missed=true, not {text}.")
    return name, {"true": True, "false": False}.get(value.lower(), value)


def _subject(step: PlannedStep, office: str | None, language: str) -> str:
    if step.template is None:
        return ""
    template = catalogue()[step.template]
    made_up = {name: "https://example.com/" if name.endswith("_url") else "(any)" for name in template.required}
    return render(step.template, language, made_up | SAMPLE | ({"office": office} if office else {})).subject


def _as_json(step: PlannedStep, subject: str) -> dict[str, Any]:
    rule = step.window.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    moments = {name: getattr(step, name).isoformat() for name in ("due_at", "planned_for", "useful_until")}
    return asdict(step) | {"window": rule, "subject": subject} | moments


def _table(key: str, steps: Sequence[PlannedStep], subjects: Sequence[str]) -> Table:
    zone = steps[0].zone if steps else ""
    table = Table(title=f"{key} ({zone})", title_justify="left", box=box.SIMPLE)
    for heading in ("Day", "Step", "Subject", "Moved by"):
        table.add_column(heading, no_wrap=heading in ("Day", "Step"))
    for step, subject in zip(steps, subjects, strict=True):
        due = datetime.fromisoformat(step.local_due.partition("[")[0])
        name = step.step if step.template == step.step else f"{step.step} ({step.template})"
        why = f"not sent: {in_words(step.skip)}" if step.skip else "\n".join(step.moved_by)
        table.add_row("" if step.skip else f"{due:%a %Y-%m-%d %H:%M}", name, subject, why)
    return table
