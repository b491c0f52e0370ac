"""`handoff sequences`: which versions run, what a version says, moving enrolments to another one, and what came of each step."""

from typing import Annotated, Any

import typer
import yaml
from rich.table import Table

from leads import db
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.cli.sending import operator
from leads.local import attach
from leads.pipeline.find import numbers_of
from leads.reports.variants import Outcome, outcomes
from leads.sequences.census import Count, census
from leads.sequences.in_words import in_words
from leads.sequences.migrate import Move, migrate, rehearse
from leads.sequences.publish import version_numbered

commands = typer.Typer(help="Sequences: their versions, who runs in them, and what came of each step.", no_args_is_help=True)
app.add_typer(commands, name="sequences")

Key = Annotated[str, typer.Argument(metavar="SEQUENCE", help="The name of a file in config/sequences, without .yml.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@commands.command(name="list")
def list_them(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """List every version of every sequence, and how many enrolments run in it."""
    attach(data_dir)
    with db.transaction() as session:
        counts = census(session)
    if as_json:
        print_json([each._asdict() for each in counts])
    else:
        out.print(_versions(counts))


@commands.command()
def show(
    key: Key,
    version: Annotated[int | None, typer.Option(help="A number; by default what the file says now.")] = None,
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """Show what a version of a sequence says."""
    attach(data_dir)
    with db.transaction() as session:
        found = version_numbered(session, key, version)
        told = {"version": found.number, "published_at": found.published_at, **found.definition}
    if as_json:
        print_json(told)
    else:
        typer.echo(f"# {key}, version {found.number}, published {found.published_at:%Y-%m-%d %H:%M} UTC")
        typer.echo(yaml.safe_dump(found.definition, sort_keys=False, allow_unicode=True).rstrip())


@commands.command(name="migrate")
def migrate_command(
    key: Key,
    to: Annotated[int | None, typer.Option(help="The version to move to; by default what the file says now.")] = None,
    dry_run: DryRun = False,
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """Move running enrolments to another version: what a person has had is never sent again."""
    attach(data_dir)
    with db.transaction() as session:
        moves = (rehearse if dry_run else migrate)(session, key, to=to, actor=operator())
        numbers = numbers_of(session, [move.lead_id for move in moves])
    if as_json:
        print_json({"dry_run": dry_run, "moved": [_as_json(move, numbers[move.lead_id]) for move in moves]})
        return
    for move in moves:
        out.print(_moved(move, numbers[move.lead_id]))
    done = "would move" if dry_run else "moved"
    out.print(f"{len(moves)} running enrolments of {key} {done}." if moves else f"No enrolment of {key} runs in another version.")


@commands.command(name="outcomes")
def outcomes_command(key: Key, data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """Count, for each step and the template it tried: sent, answered, booked afterwards. Opens and clicks are not known here."""
    attach(data_dir)
    with db.transaction() as session:
        found = outcomes(session, key)
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        out.print(_results(found))


def _versions(counts: list[Count]) -> Table:
    table = Table("Sequence", "Version", "Published", "Running", "On hold", "Ended")
    for each in counts:
        number = f"{each.number} (now)" if each.is_current else str(each.number)
        table.add_row(each.key, number, f"{each.published_at:%Y-%m-%d %H:%M}", str(each.running), str(each.resting), str(each.ended))
    return table


def _moved(move: Move, number: str) -> Table:
    table = Table("Step", "", "Due", "Why", title=f"{number}: version {move.before} to {move.after}", title_justify="left")
    for line in move.lines:
        table.add_row(line.step, line.did.replace("-", " "), line.local_due[:16].replace("T", " "), in_words(line.why) if line.why else "")
    return table


def _as_json(move: Move, number: str) -> dict[str, Any]:
    return {"number": number, "from": move.before, "to": move.after, "messages": [line._asdict() for line in move.lines]}


def _results(found: list[Outcome]) -> Table:
    table = Table("Step", "Template", "Sent", "Replied", "Booked")
    for each in found:
        table.add_row(each.step, each.template, str(each.sent), _share(each.replied, each.sent), _share(each.booked, each.sent))
    return table


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"
