"""The clock keeps contacts tested: a test page in office hours, as often as an answer counts; supervisors hear who did not answer."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.desks import desk_of
from leads.accounts.staff import holders_of
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clinic.windows import OFFICE_HOURS
from leads.clock import now
from leads.db import lock
from leads.messages.notices import is_first
from leads.messages.outbox import post
from leads.safety.models import Alarm, ContactTest, Page
from leads.safety.oncall import Contact, good_for, roster
from leads.safety.page import OPEN
from leads.safety.try_contact import try_contact

CLOCK = "clock"
SILENT = "contact-silent"


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return whose turn it is to be sent a test; nobody's while the default office is shut, or while a page to them is open."""
    if not OFFICE_HOURS.is_open(clinic().office(None).calendar, now()):
        return []
    waiting = [each.account_id for each in roster(session).everybody if each.account_id is not None and _is_their_turn(each)]
    paged = set(session.scalars(select(Page.account_id).join(Alarm, Alarm.id == Page.alarm_id).where(*OPEN, Page.account_id.in_(waiting))))
    return [account_id for account_id in waiting if account_id not in paged]


def send_test(session: Session, account_id: uuid.UUID) -> ContactTest | None:
    """Send somebody their test and return it; None where it is not their turn any more."""
    # A second clock waits here, and then finds the test of the first.
    lock(session, "contact-test", account_id)
    return try_contact(session, account_id, actor=CLOCK) if account_id in due(session) else None


def tell_of_silent(session: Session) -> int:
    """Tell the supervisors, in one mail and once of each test, who has not answered in time; returns how many that are."""
    news = [each for each in roster(session).everybody if each.is_silent and _is_news(session, each)]
    if not news:
        return 0
    told: Sequence[dict[str, uuid.UUID]] = [{"account_id": each} for each in holders_of(session, "supervisor")]
    facts = {"contact_count": len(news), "page_url": f"{settings().public_url}/console/safety"}
    # A clinic without a supervisor has an address that somebody reads.
    for recipient in told or [{"desk_id": desk_of(session, None).id}]:
        post(session, None, SILENT, cause=SILENT, facts=facts, **recipient)  # type: ignore[arg-type]
    for each in news:
        record_about(session, "contact.silent", "accounts", each.account_id, told=len(told))
    return len(news)


def _is_their_turn(contact: Contact) -> bool:
    if contact.asked_at is None:
        return True
    # Counted in dates: counted in hours, each test would come a moment later than the last, and in the end after closing time.
    zone = clinic().office(None).zone
    again_on = contact.asked_at.astimezone(zone).date() + timedelta(days=good_for().days)
    return now().astimezone(zone).date() >= again_on


def _is_news(session: Session, contact: Contact) -> bool:
    asked = int(contact.asked_at.timestamp()) if contact.asked_at else 0
    return is_first(session, SILENT, f"{contact.account_id}:{asked}")
