"""`handoff explain`: what a lead will be sent next and why, or why nothing. Numbers only, no names."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from leads import db
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.clinic.profile import clinic
from leads.local import attach
from leads.pipeline.find import by_number
from leads.sequences.explain import Explanation, Line, explain


@app.command(name="explain")
def explain_command(
    number: Annotated[str, typer.Argument(help="A lead's number, like L-000042.")], data_dir: DataDir = VAR, as_json: AsJson = False
) -> None:
    """Say what a lead will be sent next and why, or why nothing."""
    attach(data_dir)
    with db.transaction() as session:
        lead = by_number(session, number)
        explanation, name, zone = explain(session, lead.id), lead.number, clinic().office(lead.office).zone
    if as_json:
        print_json(_as_json(name, explanation))
    else:
        _print(name, explanation, zone)


def _print(number: str, explanation: Explanation, zone: ZoneInfo) -> None:
    if explanation.next:
        out.print(f"{number}: next is {explanation.next.template}, due {_due(explanation.next, zone)} ({zone}).", markup=False)
        out.print(_because(explanation.next), markup=False)
    if explanation.why_nothing:
        out.print(f"{'But as things stand it would not go' if explanation.next else f'{number}: nothing will be sent'}: ", end="")
        out.print(explanation.why_nothing, markup=False)
    for line in explanation.lines:
        out.print(f"\n  {_due(line, zone)}  {line.template}: {line.state}", markup=False)
        out.print(f"    {_because(line)}", markup=False)


def _because(line: Line) -> str:
    return f"{line.why} {'; '.join(line.moved_by)}".rstrip()


def _due(line: Line, zone: ZoneInfo) -> str:
    return f"{line.due_at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _as_json(number: str, explanation: Explanation) -> dict[str, Any]:
    return {
        "number": number,
        "next": _line(explanation.next) if explanation.next else None,
        "why_nothing": explanation.why_nothing,
        "messages": [_line(line) for line in explanation.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {name: str(value) if name == "message_id" else value for name, value in vars(line).items()} | {"due_at": line.due_at.isoformat()}
