"""`handoff explain`: what a lead will be sent next and why, or why nothing. Numbers only, no names."""

from typing import Annotated, Any

import typer
from rich.table import Table

from leads import db
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
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
        explanation, name = explain(session, lead.id), lead.number
    if as_json:
        print_json(_as_json(name, explanation))
    else:
        _print(name, explanation)


def _print(number: str, explanation: Explanation) -> None:
    if explanation.next:
        out.print(f"{number}: next is {explanation.next.template}, due {explanation.next.local_due}.", markup=False)
        out.print(" ".join((explanation.next.why, *explanation.next.moved_by)), markup=False)
    if explanation.why_nothing:
        out.print(f"{'But as things stand it would not go' if explanation.next else f'{number}: nothing will be sent'}: ", end="")
        out.print(explanation.why_nothing, markup=False)
    if explanation.lines:
        out.print(_table(explanation))


def _table(explanation: Explanation) -> Table:
    table = Table("Due", "Template", "State", "Why", "Moved by")
    for line in explanation.lines:
        table.add_row(line.local_due, line.template, line.state, line.why, "; ".join(line.moved_by))
    return table


def _as_json(number: str, explanation: Explanation) -> dict[str, Any]:
    return {
        "number": number,
        "next": _line(explanation.next) if explanation.next else None,
        "why_nothing": explanation.why_nothing,
        "messages": [_line(line) for line in explanation.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {name: str(value) if name == "message_id" else value for name, value in vars(line).items()} | {"due_at": line.due_at.isoformat()}
