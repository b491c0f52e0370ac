"""A person answered one of our mails: people talk now, and the sequences are quiet meanwhile."""

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.consent.ledger import paused_until
from leads.db import lock
from leads.messages.models import Message
from leads.sequences.models import Reply
from leads.sequences.rest import pause
from leads.sequences.stop import stop_for
from leads.todos.open import open_todo

# Long enough for a conversation, short enough that nobody is forgotten when it comes to nothing.
QUIET = timedelta(days=7)


def replied(session: Session, person_id: uuid.UUID, *, lead_id: uuid.UUID | None, message_id: uuid.UUID | None = None, actor: str) -> Reply:
    """Keep that a person answered (their newest mail, where it is not known which one), and do what a reply asks for.

    Sequences that name `reply` in `stops_on` end; all others rest for a week, or longer where a longer rest was asked for;
    and somebody is asked to read it. What the person wrote is not for this table.
    """
    lock(session, "person", person_id)
    reply = Reply(person_id=person_id, message_id=message_id or _newest(session, person_id), at=now())
    session.add(reply)
    record(session, "reply.received", reply, actor=actor, person=str(person_id))
    # Ended before the rest begins, so that nothing is planned anew around a rest only to be cancelled.
    stop_for(session, "reply", person_id=person_id, actor=actor)
    until = now() + QUIET
    if (paused_until(session, person_id) or now()) < until:
        pause(session, person_id, until, reason="reply", actor=actor)
    due = end_of_business_days(clinic().office(None).calendar, now(), 1)
    open_todo(session, "read-reply", person_id=person_id, lead_id=lead_id, due_at=due, actor=actor)
    return reply


def _newest(session: Session, person_id: uuid.UUID) -> uuid.UUID | None:
    sent = select(Message.id).where(Message.person_id == person_id, Message.sent_at.is_not(None))
    return session.scalar(sent.order_by(Message.sent_at.desc()).limit(1))
