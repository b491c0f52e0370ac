"""Throwing away what has outlived its use, and making good what was left undone."""

from config.celery import app
from leads.accounts.tidy import tidy
from leads.db import transaction
from leads.imports.prepare import forget_old
from leads.inbound import take_in
from leads.inbound.events import forget_raw
from leads.messages.carriers.trust import forget_spent
from leads.people.search import BATCH, index_names
from leads.pipeline.deeds import forget_what_stood
from leads.providers.sign_in import forget_ended
from leads.referrals.draft import discard_old


@app.task
def throw_away() -> None:
    """Remove old counters, idempotent answers and sessions, drafts that nobody goes on with, and what was kept for a while only."""
    with transaction() as session:
        tidy(session)
        discard_old(session)
        forget_ended(session)
        forget_raw(session)
        take_in.forget_raw(session)
        forget_spent(session)
        forget_old(session)
        forget_what_stood(session)


@app.task
def find_names() -> None:
    """Hash the names of people that never were, or as an older edition did, some thousands at a time."""
    for _ in range(10):
        with transaction() as session:
            if index_names(session) < BATCH:
                return
