"""Telling colleagues whose approval of a mail has run out, of new leads, of mails that did not arrive, and of the day."""

import structlog

from config.celery import app
from leads.db import transaction
from leads.messages.lapse import tell_of_lapsed
from leads.pipeline.tell_staff import tell_of_bounces, tell_of_new_leads
from leads.reports.brief import send_briefs

log = structlog.get_logger()


@app.task
def tell_of_lapsed_approvals() -> None:
    """Tell of the approvals that ran out."""
    with transaction() as session:
        tell_of_lapsed(session)


@app.task
def tell_staff() -> None:
    """Tell the offices of new leads and of mails that did not arrive; one kind of news keeps no other waiting."""
    for tell in (tell_of_new_leads, tell_of_bounces):
        try:
            with transaction() as session:
                tell(session)
        except Exception as error:
            log.error("staff.not_told", news=tell.__name__, exc_info=error)


@app.task
def send_daily_briefs() -> None:
    """Send the morning's numbers to who wants them, once on each business day."""
    with transaction() as session:
        send_briefs(session)
