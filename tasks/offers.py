"""Ending the offers of visits that nobody answered."""

import structlog

from config.celery import app
from leads.appointments.expire import due, expire
from leads.db import transaction

log = structlog.get_logger()


@app.task
def expire_offers() -> None:
    """End every offer whose time is over, each in a transaction of its own: one that fails keeps no other slot from being had."""
    with transaction() as session:
        over = due(session)
    for appointment_id in over:
        try:
            with transaction() as session:
                expire(session, appointment_id)
        except Exception as error:
            log.error("offer.failed", appointment_id=str(appointment_id), exc_info=error)
