"""The day in numbers, for colleagues who want it each business morning: counts of what waits, and nobody's name."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import Account
from leads.appointments.models import Appointment
from leads.audit.trail import record_about
from leads.clinic.in_words import day_in_words
from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.messages.models import Message
from leads.messages.notices import BriefReader, is_first
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.pipeline.stages import COORDINATORS
from leads.todos.models import Todo

DAY = timedelta(days=1)
TEMPLATE = "daily-brief"
# A brief that comes in the afternoon is none: after an outage the day goes on without it.
USEFUL_FOR = timedelta(hours=4)


@dataclass(frozen=True)
class Brief:
    """Five counts: who wrote since yesterday, what is late, what is to be done and who comes today, what could not be sent."""

    new_count: int
    late_count: int
    todo_count: int
    visit_count: int
    unsent_count: int


def brief(session: Session) -> Brief:
    """Return the counts as they are now; a day is the default office's."""
    begins, ends = _today()
    return Brief(
        _count(session, Lead.opened_at > now() - DAY),
        _count(session, Lead.closed_at.is_(None), Lead.reached_at.is_(None), Lead.expected_by < now()),
        _count(session, Todo.done_at.is_(None), Todo.due_at < ends),
        _count(session, Appointment.state == "booked", Appointment.starts_at >= begins, Appointment.starts_at < ends),
        _count(session, Message.state == "failed", Message.state_at > now() - DAY),
    )


def send_briefs(session: Session) -> int:
    """Send the morning's brief to each colleague who wants it, once a business day; returns to how many."""
    due = _due()
    if due is None or not is_first(session, TEMPLATE, due.date()):
        return 0
    facts = {**asdict(brief(session)), "brief_url": f"{settings().public_url}/console/brief"}
    facts["today"] = day_in_words(now(), clinic().office(None).zone, "en")
    readers = _readers(session)
    for account_id in readers:
        post(session, None, TEMPLATE, cause=TEMPLATE, account_id=account_id, facts=facts, useful_until=due + USEFUL_FOR)
    return len(readers)


def want_brief(session: Session, account_id: uuid.UUID, *, wanted: bool) -> None:
    """Begin or end the daily brief of a colleague; twice is once."""
    row = session.scalar(select(BriefReader).where(BriefReader.account_id == account_id))
    if wanted and row is None:
        session.add(BriefReader(account_id=account_id, since=now()))
    elif not wanted and row is not None:
        session.delete(row)
    if wanted != (row is not None):
        action = "brief.wanted" if wanted else "brief.ended"
        record_about(session, action, "accounts", account_id, actor=f"account:{account_id}")


def _due() -> datetime | None:
    """Return when this morning's brief is due, by the clock of the default office; None on other days and at other hours."""
    office, here = clinic().office(None), now().astimezone(clinic().office(None).zone)
    hour, minute = map(int, clinic().staff_mail.daily_brief_at.split(":"))
    due = local_to_utc(here.date(), time(hour, minute), office.zone).astimezone(office.zone)
    is_morning = due <= now() < due + USEFUL_FOR
    return due if is_morning and office.calendar.open_spans(here.date()) else None


def _today() -> tuple[datetime, datetime]:
    zone = clinic().office(None).zone
    day = now().astimezone(zone).date()
    return local_to_utc(day, time(), zone), local_to_utc(day + DAY, time(), zone)


def _count(session: Session, *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(*which)) or 0


def _readers(session: Session) -> Sequence[uuid.UUID]:
    theirs = (Account.disabled_at.is_(None), Account.roles.overlap(list(COORDINATORS)))
    readers = select(Account.id).join(BriefReader, BriefReader.account_id == Account.id).where(*theirs)
    return session.scalars(readers.order_by(Account.id)).all()
