"""A to-do of one's own: what, by when, and for whom; it stands in the worklists, and among what is theirs for whom it is."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.errors import Conflict, FieldError, Invalid
from leads.pipeline.deadlines import before_today_ends, close_of
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from leads.todos.open import OWN, new_todo

LONGEST = 500
LATEST = timedelta(days=366)
# By when, as people say it; a day of its own goes before.
BUSINESS_DAYS = {"2-business-days": 2, "5-business-days": 5}
WHEN = ("today", "tomorrow", *BUSINESS_DAYS)


@dataclass(frozen=True)
class Own:
    """What somebody wants done: in their words, by when (one of WHEN, or a day), and for which account."""

    what: str
    when: str = "tomorrow"
    on: date | None = None
    for_account: uuid.UUID | None = None


def ask(session: Session, lead_id: uuid.UUID, own: Own, *, actor: str) -> Todo:
    """Return a new to-do of one's own on an open lead; raises Conflict for a closed one, Invalid naming the field that is amiss."""
    lead, what = locked(session, lead_id), own.what.strip()
    if lead.closed_at is not None:
        raise Conflict(f"{lead.number} is closed: open it again first.", code="not_allowed_now")
    if not what or len(what) > LONGEST:
        raise _amiss("todo_what", f"Say what is to be done, in at most {LONGEST} characters.")
    due, whose = _due(lead, own), own.for_account
    # Of these there may be several: each is somebody's own.
    return new_todo(session, OWN, person_id=lead.person_id, lead_id=lead.id, due_at=due, note=what, for_account=whose, actor=actor)


def _due(lead: Lead, own: Own) -> datetime:
    office = clinic().office(lead.office)
    if own.on is not None:
        due = close_of(lead.office, own.on)
        if not now() < due <= now() + LATEST:
            raise _amiss("todo_on", "Choose a day for the to-do, within a year.")
        return due
    if own.when == "today":
        return before_today_ends(lead.office)
    if own.when == "tomorrow":
        return close_of(lead.office, now().astimezone(office.zone).date() + timedelta(days=1))
    if own.when not in BUSINESS_DAYS:
        raise _amiss("todo_when", f"Say by when: {', '.join(WHEN)}, or choose a day.")
    return end_of_business_days(office.calendar, now(), BUSINESS_DAYS[own.when])


def _amiss(field: str, words: str) -> Invalid:
    return Invalid(words, errors=(FieldError(field, "invalid", words),))
