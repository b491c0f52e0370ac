"""Reminding referrers who owe us an answer."""

import structlog

from config.celery import app
from leads.db import transaction
from leads.loop.nudge import due, nudge

log = structlog.get_logger()


@app.task
def remind_referrers() -> None:
    """Remind every referrer whose time has come, each in a transaction of its own: one that fails keeps no other waiting."""
    with transaction() as session:
        waiting = due(session)
    for referral_id in waiting:
        try:
            with transaction() as session:
                nudge(session, referral_id)
        except Exception as error:
            log.error("remind.failed", referral_id=str(referral_id), exc_info=error)
