"""Paging on where nobody has answered, calling the pager service, calling where a hold keeps a mail back, and testing who is on call."""

import structlog

from config.celery import app
from leads.appointments import silenced
from leads.db import transaction
from leads.safety import keep_tested, pager
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


@app.task
def keep_contacts_tested() -> None:
    """Send each contact whose turn it is a test, each in a transaction of its own, and tell of those who did not answer theirs."""
    with transaction() as session:
        waiting = keep_tested.due(session)
    for account_id in waiting:
        try:
            with transaction() as session:
                keep_tested.send_test(session, account_id)
        except Exception as error:
            log.error("contact.not_tested", account_id=str(account_id), exc_info=error)
    with transaction() as session:
        keep_tested.tell_of_silent(session)
