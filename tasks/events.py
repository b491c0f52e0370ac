"""Applying what carriers told of our mail, and fetching the certificates they sign it with."""

import structlog

from config.celery import app
from leads.db import transaction
from leads.inbound.events import apply_kept, put_off, ready
from leads.messages.carriers import sns

log = structlog.get_logger()


@app.task
def apply_events() -> None:
    """Apply each event whose turn it is, in a transaction of its own: one that cannot be applied stops only itself."""
    with transaction() as session:
        waiting = ready(session)
    for row_id in waiting:
        try:
            with transaction() as session:
                apply_kept(session, row_id)
        except Exception as error:
            log.error("event.failed", event_id=str(row_id), error=type(error).__name__)
            with transaction() as session:
                put_off(session, row_id)


@app.task
def fetch_certificates() -> None:
    """Fetch what was asked for; where nothing was, this asks nobody."""
    sns.fetch_certificates()
