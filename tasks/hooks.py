"""Knocking at the web addresses of those who have subscribed to news of their referrals."""

from config.celery import app
from leads.db import transaction
from leads.loop.call_hooks import claim, settle
from leads.loop.web_hook import knock_at


@app.task
def call_hooks() -> None:
    """Deliver the knocks that are due. Claimed and committed first: a slow address must hold no transaction open."""
    with transaction() as session:
        claimed = claim(session)
    for each in claimed:
        answer = knock_at(each.endpoint, each.headers, each.body)
        with transaction() as session:
            settle(session, each.id, answer)
