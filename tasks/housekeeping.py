"""Throwing away what has outlived its use."""

from config.celery import app
from leads.accounts.tidy import tidy
from leads.db import transaction


@app.task
def throw_away() -> None:
    """Remove old counters, idempotent answers and sessions."""
    with transaction() as session:
        tidy(session)
