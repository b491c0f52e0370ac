"""Opening the to-dos of sequences whose time has come."""

import structlog

from config.celery import app
from leads.db import transaction
from leads.sequences.hand_over import due, open_due

log = structlog.get_logger()


@app.task
def open_todos() -> None:
    """Open every to-do that is due, each in a transaction of its own: one that fails keeps no other waiting."""
    with transaction() as session:
        waiting = due(session)
    for enrolment_id in waiting:
        try:
            with transaction() as session:
                open_due(session, enrolment_id)
        except Exception as error:
            log.error("hand-over.failed", enrolment_id=str(enrolment_id), exc_info=error)
