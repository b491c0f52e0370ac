"""Who did what to a lead's mails, and which of our pages the person used: from the audit trail, in words."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry

STEERED = {
    "message.moved": "moved to",
    "message.sent_by_hand": "sent by hand",
    "message.written": "written by hand, for",
    "message.rewritten": "words changed",
    "message.moved_back": "moved back to",
    "message.taken_up": "planned again, for",
}
LOGGED = STEERED | {
    "message.cancelled": "taken back",
    "message.decided": "settled",
    "message.replanned": "planned again, for",
    "message.read": "read",
}
# What colleagues did to the lead and its person that leaves no row of its own, or changes one.
STOOD = {
    "lead.assigned": "Given back to all",
    "lead.waits_no_more": "Taken off the waitlist",
    "pause.ended": "The pause was ended",
    "person.restricted": "Their record was restricted",
    "person.unrestricted": "Their record is open again",
    "suppression.lifted": "A stop was lifted",
    "todo.opened": "To do",
    "todo.reopened": "To do again",
}
# What they did on pages of ours, and that they were there: once a day for each page, and counted nowhere.
USED = {
    "page.used": "Opened",
    "person.preferences": "Used the preferences page",
    "screening.begun": "Began the questions",
    "screening.submitted": "Sent their answers",
}
A_PAGE = 40


class Step(NamedTuple):
    """One line of a log: when, by whom, what, and until or for when."""

    at: datetime
    actor: str
    what: str
    due: datetime | None


def log_of(session: Session, message_id: uuid.UUID) -> Sequence[Step]:
    """Return who did what to one mail, the newest first."""
    mine = select(AuditEntry).where(AuditEntry.subject_id == message_id, AuditEntry.action.in_(LOGGED))
    return [step_of(entry) for entry in session.scalars(mine.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(A_PAGE))]


def step_of(entry: AuditEntry) -> Step:
    """Return the line that an entry of the trail is."""
    due = entry.detail.get("due")
    return Step(entry.at, entry.actor, LOGGED[entry.action], datetime.fromisoformat(due) if due else None)
