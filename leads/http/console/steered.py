"""Who did what to a lead's mails, who read the lead, and which of our pages the person used: from the audit trail, in words."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment
from leads.audit.models import AuditEntry
from leads.http.console import words
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.screening.models import Screening

STEERED = {
    "message.moved": "moved to",
    "message.sent_by_hand": "sent by hand",
    "message.written": "written by hand, for",
    "message.rewritten": "words changed",
}
LOGGED = STEERED | {
    "message.cancelled": "taken back",
    "message.decided": "settled",
    "message.replanned": "planned again, for",
    "message.read": "read",
}
USED = {
    "person.preferences": "Used the preferences page",
    "appointment.read": "Opened the page of their visit",
    "screening.begun": "Began the questions",
    "screening.submitted": "Sent their answers",
}
A_PAGE = 40
MOST_READS = 400


class Step(NamedTuple):
    """One line of a log: when, by whom, what, and until or for when."""

    at: datetime
    actor: str
    what: str
    due: datetime | None
    template: str = ""


def log_of(session: Session, message_id: uuid.UUID) -> Sequence[Step]:
    """Return who did what to one mail, the newest first."""
    mine = select(AuditEntry).where(AuditEntry.subject_id == message_id, AuditEntry.action.in_(LOGGED))
    return [_step(entry) for entry in session.scalars(mine.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(A_PAGE))]


def steered(session: Session, lead: Lead, before: datetime | None) -> Iterable[Step]:
    """Return what colleagues did to the mails of a lead, the newest first."""
    wanted = select(AuditEntry, Message.template).join(Message, Message.id == AuditEntry.subject_id)
    wanted = wanted.where(Message.lead_id == lead.id, AuditEntry.action.in_(STEERED), *_earlier(before))
    for entry, template in session.execute(wanted.order_by(AuditEntry.at.desc()).limit(A_PAGE + 1)):
        yield _step(entry)._replace(template=template)


def reads(session: Session, lead: Lead, before: datetime | None) -> Iterable[tuple[datetime, str, int]]:
    """Return who read about a person, each once for a day, with when last and how often."""
    mine = select(AuditEntry.actor, AuditEntry.at).where(AuditEntry.subject_id == lead.person_id, AuditEntry.action == "person.read")
    # Somebody looked at every few minutes must not make each look slower than the one before.
    newest = mine.where(*_earlier(before)).order_by(AuditEntry.at.desc()).limit(MOST_READS).subquery()
    day = func.date_trunc("day", func.timezone(words.zone_of(lead.office).key, newest.c.at))
    counted = select(func.max(newest.c.at), newest.c.actor, func.count()).group_by(newest.c.actor, day)
    return [(at, actor, times) for at, actor, times in session.execute(counted.order_by(func.max(newest.c.at).desc()).limit(A_PAGE + 1))]


def used(session: Session, lead: Lead, before: datetime | None) -> Iterable[tuple[datetime, str, str]]:
    """Return which of our signed pages the person used, by the access record; it is never counted."""
    of_lead = (select(each.id).where(each.lead_id == lead.id) for each in (Appointment, Screening))
    whose = or_(AuditEntry.subject_id == lead.person_id, *(AuditEntry.subject_id.in_(each) for each in of_lead))
    wanted = select(AuditEntry).where(whose, AuditEntry.action.in_(USED), AuditEntry.actor.like("person%"), *_earlier(before))
    for entry in session.scalars(wanted.order_by(AuditEntry.at.desc()).limit(A_PAGE + 1)):
        yield entry.at, USED[entry.action], entry.actor


def _earlier(before: datetime | None) -> Sequence[Any]:
    return () if before is None else (AuditEntry.at < before,)


def _step(entry: AuditEntry) -> Step:
    due = entry.detail.get("due")
    return Step(entry.at, entry.actor, LOGGED[entry.action], datetime.fromisoformat(due) if due else None)
