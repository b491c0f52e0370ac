"""Chaining what the audit trail has taken in."""

from config.celery import app
from leads.audit.seal import seal
from leads.db import transaction


@app.task
def seal_audit() -> None:
    """Seal what was committed since the last run."""
    with transaction() as session:
        seal(session)
