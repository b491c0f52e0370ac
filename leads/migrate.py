"""Bringing the database to the newest schema, and telling whether it is."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from leads.errors import LeadsError
from leads.models import metadata


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Apply every missing migration; two starts at once wait for each other."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended('migrate', 0))"))
        connection.commit()
        try:
            run(connection, to=to)
            connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended('migrate', 0))"))
            # The connection goes back to the pool: a clinic's writer may wait longer for a lock than a migration.
            connection.execute(text("RESET lock_timeout"))
            connection.commit()


def run(connection: Connection, *, to: str = "head") -> None:
    """Apply every missing migration on this connection; inside a transaction they all become part of it, and nothing commits."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def revision_of(connection: Connection) -> str:
    """Return the revision the database stands at; raises LeadsError where it was never migrated."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise LeadsError("This database has no tables of ours yet: `handoff migrate` makes them.")
    return revision


def knows(revision: str) -> bool:
    """True when this code has the migration of that name."""
    return revision in {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}


def is_current(connection: Connection) -> bool:
    """True when the database has exactly the migrations this code knows."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)


def differences(connection: Connection) -> list[str]:
    """Return what the models have that the migrated database has not, and the other way round, in words."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, metadata)]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    config.set_main_option("version_locations", str(Path(__file__).parent / "migrations" / "versions"))
    config.set_main_option("path_separator", "os")
    return config
