"""Telling supervisors of promises that were broken."""

import structlog

from config.celery import app
from leads.db import transaction
from leads.pipeline.overdue import broken, tell_supervisors

log = structlog.get_logger()


@app.task
def tell_of_broken_promises() -> None:
    """Tell the supervisors once of each promise to call that was broken; one that fails keeps no other waiting."""
    with transaction() as session:
        waiting = broken(session)
    for lead_id in waiting:
        try:
            with transaction() as session:
                tell_supervisors(session, lead_id)
        except Exception as error:
            log.error("promise.not_told", lead_id=str(lead_id), exc_info=error)
