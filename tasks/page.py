"""Paging on where nobody has answered, calling the pager service, and calling where a hold keeps a mail back."""

import structlog

from config.celery import app
from leads.appointments import silenced
from leads.db import transaction
from leads.safety import pager
from leads.safety.page import due, escalate

log = structlog.get_logger()


@app.task
def escalate_pages() -> None:
    """Take every step that is due, each alarm in a transaction of its own: one that fails keeps no other waiting."""
    with transaction() as session:
        waiting = due(session)
    for alarm_id in waiting:
        try:
            with transaction() as session:
                escalate(session, alarm_id)
        except Exception as error:
            log.error("alarm.failed", alarm_id=str(alarm_id), exc_info=error)


@app.task
def call_pager() -> None:
    """Make the calls that are due. Claimed and committed first: a slow service must hold no transaction open."""
    with transaction() as session:
        claimed = pager.claim(session)
    for call in claimed:
        answer = pager.make(call)
        with transaction() as session:
            pager.settle(session, call.id, answer)


@app.task
def hand_over_silenced() -> None:
    """Open a to-do to call for each mail about a visit that a hold keeps back, when its time has come."""
    with transaction() as session:
        waiting = silenced.due(session)
    for message_id in waiting:
        try:
            with transaction() as session:
                silenced.hand_over(session, message_id)
        except Exception as error:
            log.error("silenced.failed", message_id=str(message_id), exc_info=error)
