"""A person settles what the machine cannot know: an unknown delivery was sent, was not, or goes once more."""

import uuid
from typing import Literal, get_args

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, Invalid, NotFound
from leads.messages import outcome
from leads.messages.models import Message
from leads.todos.open import finish_all

Verdict = Literal["sent", "failed", "again"]
# The reason of a message of which nobody knows whether it went out between a backup and its restore.
RESTORED = "restored"
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def decide(session: Session, message_id: uuid.UUID, verdict: str, *, actor: str) -> Message:
    """Settle an unknown delivery; raises Invalid, NotFound, or Conflict when it is not unknown any more."""
    if verdict not in VERDICTS:
        raise Invalid(f"Say what became of it: {', '.join(VERDICTS)}.")
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound("There is no such message.")
    if message.state != "unknown":
        raise Conflict(f"This message is not unknown any more: it is {message.state}.")
    record(session, "message.decided", message, actor=actor, verdict=verdict)
    _settle(session, message, verdict)
    end_doubt(session, message, actor=actor, outcome=verdict)
    return message


def is_in_doubt(session: Session, lead_id: uuid.UUID) -> bool:
    """True while a mail of a lead is unknown."""
    return session.scalar(select(Message.id).where(Message.lead_id == lead_id, Message.state == "unknown").limit(1)) is not None


def end_doubt(session: Session, message: Message, *, actor: str, outcome: str) -> None:
    """Finish the to-do to find out about a lead's mails, once nothing that only a person can settle is left among them."""
    if message.lead_id is None:
        return
    session.flush()
    # What settles itself by its policy was never asked of anybody.
    asked = or_(Message.on_unknown == "ask_staff", Message.reason == RESTORED)
    others = select(Message.id).where(Message.lead_id == message.lead_id, Message.state == "unknown", Message.id != message.id, asked)
    if session.scalar(others.limit(1)) is None:
        finish_all(session, "settle-unknown", lead_id=message.lead_id, actor=actor, outcome=outcome)


def _settle(session: Session, message: Message, verdict: str) -> None:
    if verdict == "sent":
        # What a backup brought back was due long before anybody began to doubt it.
        message.sent_at = message.due_at if message.reason == RESTORED else message.state_at
        outcome.end(session, message, "sent", reason="decided")
    elif verdict == "failed":
        outcome.end(session, message, "failed", reason="decided")
    else:
        # With the same Message-ID: whoever got the first copy may see the two as one.
        outcome.plan_again(session, message, now(), "decided")
