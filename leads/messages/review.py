"""After a restore nobody knows what the old system sent since the backup: what was due goes to a person, not out."""

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.clock import now
from leads.messages.decide import RESTORED, Verdict, decide
from leads.messages.models import Message


def send_to_review(session: Session, *, actor: str) -> int:
    """Make unknown every message that may have gone out before this moment, the restore mark; returns how many."""
    # To wait for the settling of an unknown delivery would not do: by policy it may be sent once more by itself.
    due = and_(Message.state == "planned", Message.due_at <= now())
    under_way = Message.state.in_(("claimed", "sending", "unknown"))
    marked = session.execute(
        update(Message)
        .where(or_(due, under_way))
        .values(state="unknown", reason=RESTORED, state_at=now(), lease_until=None, actor=actor)
        .returning(Message.id, Message.template)
    ).all()
    for message_id, template in marked:
        record_about(session, "message.unknown", "messages", message_id, actor=actor, reason=RESTORED, template=template)
    return len(marked)


def decide_all(session: Session, verdict: Verdict, *, actor: str, limit: int = 500) -> int:
    """Settle what a restore left in one way, the longest due first; returns how many."""
    waiting = select(Message.id).where(Message.state == "unknown", Message.reason == RESTORED)
    rows = session.scalars(waiting.order_by(Message.due_at, Message.id).limit(limit)).all()
    for message_id in rows:
        decide(session, message_id, verdict, actor=actor)
    return len(rows)
