"""Reading the mail that came in."""

import structlog

from config.celery import app
from leads.db import transaction
from leads.inbound.read import put_off, read, ready

log = structlog.get_logger()


@app.task
def read_mail() -> None:
    """Read every mail that waits, each in a transaction of its own: one that cannot be read keeps no other waiting."""
    with transaction() as session:
        waiting = ready(session)
    for row_id in waiting:
        try:
            with transaction() as session:
                read(session, row_id)
        except Exception as error:
            # Its name alone: what a mail's reading fails over may stand in the message of the error.
            log.error("mail.unread", mail_id=str(row_id), error=type(error).__name__)
            with transaction() as session:
                put_off(session, row_id)
