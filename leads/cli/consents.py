"""`handoff consents`: what somebody agreed to and chose, for another system."""

from typing import Annotated

import typer

from leads import db
from leads.audit.trail import record
from leads.cli.root import VAR, DataDir, app, print_json
from leads.cli.sending import operator
from leads.consent.fhir_export import to_bundle
from leads.local import attach
from leads.people.merge import family_of
from leads.people.models import Person
from leads.pipeline.find import by_number

commands = typer.Typer(help="Consents: what somebody agreed to and chose, with its proof.", no_args_is_help=True)
app.add_typer(commands, name="consents")


@commands.callback()
def _group() -> None: ...


@commands.command()
def export(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A lead's number, like L-000042.")], data_dir: DataDir = VAR
) -> None:
    """Print what the person behind a lead agreed to and chose as FHIR R4 Consents (JSON); that it was printed is on record."""
    attach(data_dir)
    with db.transaction() as session:
        lead = by_number(session, number)
        record(session, "consents.exported", session.get_one(Person, lead.person_id), actor=operator(), lead=lead.number)
        bundle = to_bundle(session, lead.person_id, merged=family_of(session, lead.person_id)[1:])
    print_json(bundle)
