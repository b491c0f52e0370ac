"""The mails about a visit that a hold keeps back: when each would have gone, a colleague is asked to call instead."""

import uuid
from collections.abc import Sequence

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment
from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.consent.ledger import open_holds
from leads.consent.models import Hold
from leads.messages.models import Message
from leads.safety.silenced import call_instead
from leads.todos.models import Todo

TOPIC = "visits"
# How a mail ends at the hands of a hold: taken back when it was raised, or met by it at the last guard.
BY_HOLD = (Message.state.in_(("cancelled", "skipped")), Message.reason == "hold", Message.topic == TOPIC)
BATCH = 200


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return the mails about a visit that a hold keeps back and whose time has come, the longest waiting first."""
    held = select(Hold.person_id).where(Hold.released_at.is_(None))
    about = Message.depends_on["appointment"].astext == cast(Appointment.id, String)
    # Nobody needs to be reminded of a visit that was called off meanwhile.
    still_news = or_(Appointment.id.is_(None), Appointment.state != "cancelled", Message.template == "visit-cancelled")
    silenced = select(Message.id).outerjoin(Appointment, about).where(Message.person_id.in_(held), *BY_HOLD, still_news)
    return session.scalars(silenced.where(Message.due_at <= now()).order_by(Message.due_at, Message.id).limit(BATCH)).all()


def hand_over(session: Session, message_id: uuid.UUID) -> Todo | None:
    """Return the to-do to call in place of one silenced mail; None where that was done, or the hold has been released."""
    message = session.scalar(select(Message).where(Message.id == message_id, *BY_HOLD).with_for_update())
    if message is None or message.person_id is None or message.lead_id is None or not open_holds(session, message.person_id):
        return None
    # From here on it is a colleague's: a release plans anew what lies ahead, and this lies behind.
    message.state, message.reason, message.state_at = "skipped", "held", now()
    record(session, "message.handed-over", message, template=message.template)
    return call_instead(session, message.person_id, message.lead_id, template=message.template, actor=SYSTEM)
