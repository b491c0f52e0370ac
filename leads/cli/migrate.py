"""`handoff migrate`: the database as this version wants it, and whether the migrations make what the models say."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from leads import db, migrate
from leads.cli.root import VAR, DataDir, app, out
from leads.errors import LeadsError
from leads.local import attach, embedded
from leads.local.first_start import prepare


@app.command(name="migrate")
def bring_up_to_date(
    data_dir: DataDir = VAR,
    check: Annotated[
        bool, typer.Option("--check", help="Only say, on a fresh embedded database, whether migrations and models agree.")
    ] = False,
) -> None:
    """Bring the database up to date, fit its key ring and publish the sequences."""
    if check:
        return compare()
    attach(data_dir)
    prepare()
    out.print("The database is up to date.")
    return None


def compare() -> None:
    """Migrate a fresh embedded database and compare it with the models; raises LeadsError where they differ."""
    with tempfile.TemporaryDirectory(prefix="handoff-") as folder, embedded.postgres_server(Path(folder)) as url:
        engine = db.make_engine(url)
        migrate.upgrade(engine)
        with engine.connect() as connection:
            differences = migrate.differences(connection)
        engine.dispose()
    if differences:
        raise LeadsError("Migrations and models differ:\n" + "\n".join(differences))
    out.print("Migrations and models agree.")
