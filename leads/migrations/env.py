"""Runs migrations on the connection that `leads.migrate` hands over, one transaction each, with a lock timeout."""

from alembic import context
from sqlalchemy import text

from leads.models import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
with context.begin_transaction():
    # A migration that cannot get its lock in time fails instead of making the clinic's writers queue behind it.
    connection.execute(text("SET lock_timeout = '5s'"))
    context.run_migrations()
