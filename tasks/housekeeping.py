"""Throwing away what has outlived its use."""

from config.celery import app
from leads.accounts.tidy import tidy
from leads.db import transaction
from leads.providers.sign_in import forget_ended
from leads.referrals.draft import discard_old


@app.task
def throw_away() -> None:
    """Remove old counters, idempotent answers and sessions, and drafts that nobody goes on with."""
    with transaction() as session:
        tidy(session)
        discard_old(session)
        forget_ended(session)
