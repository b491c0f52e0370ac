"""A promise to call that was broken is told to the supervisors, once."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.staff import holders_of
from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.messages.outbox import post
from leads.pipeline.models import Lead

BATCH = 200
# Older than this it is no news: after a long outage, or with a list brought in from elsewhere, one mail for each would bury the new ones.
STILL_NEWS = 2


def broken(session: Session) -> Sequence[uuid.UUID]:
    """Return the leads whose promise was broken without anybody having been told, the oldest promise first."""
    waiting = select(Lead.id).where(Lead.closed_at.is_(None), Lead.reached_at.is_(None), Lead.promise_told_at.is_(None))
    return session.scalars(waiting.where(Lead.expected_by < now()).order_by(Lead.expected_by, Lead.id).limit(BATCH)).all()


def tell_supervisors(session: Session, lead_id: uuid.UUID) -> int:
    """Tell every supervisor of one broken promise and return how many; nobody where they were told, it was kept, or it is too old."""
    # However many clocks tick at once, the second finds it told.
    lead = session.get_one(Lead, lead_id, with_for_update=True, populate_existing=True)
    if lead.promise_told_at is not None or lead.reached_at is not None or lead.closed_at is not None or lead.expected_by >= now():
        return 0
    lead.promise_told_at = now()
    is_news = now() <= end_of_business_days(clinic().office(lead.office).calendar, lead.expected_by, STILL_NEWS)
    told = holders_of(session, "supervisor") if is_news else []
    for account_id in told:
        _tell(session, account_id, lead)
    record(session, "promise.broken", lead, actor=SYSTEM, told=len(told), expected_by=lead.expected_by.isoformat())
    return len(told)


def _tell(session: Session, account_id: uuid.UUID, lead: Lead) -> None:
    facts = {
        "number": lead.number,
        "office": lead.office,
        "expected_by": lead.expected_by.isoformat(),
        "lead_url": f"{settings().public_url}/console/leads/{lead.number}",
    }
    about = {"account_id": account_id, "about_id": lead.person_id, "lead_id": lead.id}
    post(session, None, "promise-breaking", cause="promise", facts=facts, **about)  # type: ignore[arg-type]
