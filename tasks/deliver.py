"""Sending what is due in a lane, and repairing what a dead worker left."""

from config.celery import app
from leads.db import transaction
from leads.messages.deliver import drain
from leads.messages.look_up import ask_carriers
from leads.messages.outlive import end_outlived
from leads.messages.recover import recover, replay_journals, settle


@app.task
def deliver(lane: str) -> None:
    """Send what is due in one lane."""
    drain((lane,))


@app.task
def repair() -> None:
    """Write down answers read but not committed, take back what the dead held, settle what stayed unknown, end what was outlived."""
    # In this order: a journal's answer is knowledge, and a lease that ran out only makes it unknown; a carrier knows, a policy guesses.
    replay_journals()
    with transaction() as session:
        recover(session)
    ask_carriers()
    with transaction() as session:
        settle(session)
    end_outlived()
