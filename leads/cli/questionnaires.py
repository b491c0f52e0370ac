"""`handoff questionnaires`: what patients are asked before a first visit, and the same for another system."""

from typing import Annotated

import typer
from rich.table import Table

from config.settings import settings
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.clinic.profile import Language
from leads.errors import NotFound
from leads.local import attach
from leads.screening.fhir_export import to_questionnaire
from leads.screening.questionnaire import MAIN, read_folder

commands = typer.Typer(help="Questionnaires: what patients are asked before a first visit.", no_args_is_help=True)
app.add_typer(commands, name="questionnaires")


@commands.command(name="list")
def list_them(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """List the questionnaires with their pages, instruments and versions; needs no database."""
    attach(data_dir)
    found = read_folder(settings().handoff_questionnaires_dir)
    rows = [
        {
            "key": key,
            "pages": [page.key for page in each.asked.pages],
            "instruments": sorted(each.instruments),
            "questions": len(list(each.all_questions())),
            "version": each.version,
        }
        for key, each in found.items()
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("questionnaire", "pages", "instruments", "questions", "version")
    for row in rows:
        pages, instruments = (", ".join(row[name]) for name in ("pages", "instruments"))  # type: ignore[arg-type]
        table.add_row(str(row["key"]), pages, instruments, str(row["questions"]), str(row["version"])[:12])
    out.print(table)


@commands.command()
def export(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The name of a file in config/questionnaires, without .yml.")] = MAIN,
    language: Annotated[str, typer.Option(help="en or es")] = "en",
    data_dir: DataDir = VAR,
) -> None:
    """Print a questionnaire as a FHIR R4 Questionnaire (JSON); needs no database."""
    attach(data_dir)
    found = read_folder(settings().handoff_questionnaires_dir)
    if key not in found:
        raise NotFound(f"There is no questionnaire {key}: it is one of {', '.join(found)}.")
    spoken: Language = "es" if language == "es" else "en"
    print_json(to_questionnaire(found[key], spoken))
