"""Bringing spreadsheets in, some lines at a time."""

import time
import uuid

import structlog

from config.celery import app
from leads.db import transaction
from leads.imports.work import step, stumbled, under_way

# Shorter than the clock's next hint takes to come: nothing else in this queue waits for a long list.
AT_MOST = 5.0
log = structlog.get_logger()


@app.task
def work_on_imports() -> None:
    """Go on with every import for a few seconds, each step in a transaction of its own; the next hint goes on from there."""
    until = time.monotonic() + AT_MOST
    with transaction() as session:
        waiting = under_way(session)
    for import_id in waiting:
        try:
            while time.monotonic() < until and _step(import_id):
                pass
        except Exception as error:
            log.error("import.failed", import_id=str(import_id), exc_info=error)
            with transaction() as session:
                stumbled(session, import_id)


def _step(import_id: uuid.UUID) -> bool:
    with transaction() as session:
        return step(session, import_id)
