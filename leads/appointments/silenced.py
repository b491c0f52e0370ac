"""The mails about a visit that a hold keeps back: when each would have gone, a colleague is asked to call instead."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Select, String, cast, or_, select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment
from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.consent.models import Hold
from leads.db import lock
from leads.messages.models import Message
from leads.safety.silenced import call_instead
from leads.todos.models import Todo

TOPIC = "visits"
# How a mail ends at the hands of a hold: taken back when it was raised, or met by it at the last guard.
BY_HOLD = (Message.state.in_(("cancelled", "skipped")), Message.reason == "hold", Message.topic == TOPIC)
BATCH = 200


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return the mails about a visit that a hold keeps back and whose time has come, the longest waiting first."""
    return session.scalars(_waiting().order_by(Message.due_at, Message.id).limit(BATCH)).all()


def hand_over(session: Session, message_id: uuid.UUID) -> Todo | None:
    """Return the to-do to call in place of one silenced mail; None where that was done, the hold released or the visit moved meanwhile."""
    person_id = session.scalar(select(Message.person_id).where(Message.id == message_id))
    if person_id is None:
        return None
    # Whoever moves the visit or releases the hold at this moment has this lock too: asked after it, the row is as they left it.
    lock(session, "person", person_id)
    message = session.scalar(select(Message).where(Message.id.in_(_waiting().where(Message.id == message_id))).with_for_update())
    if message is None or message.lead_id is None:
        return None
    # From here on it is a colleague's: a release plans anew what lies ahead, and this lies behind.
    message.state, message.reason, message.state_at = "skipped", "held", now()
    record(session, "message.handed-over", message, template=message.template)
    return call_instead(session, person_id, message.lead_id, template=message.template, actor=SYSTEM)


def _waiting() -> Select[uuid.UUID]:
    held = select(Hold.person_id).where(Hold.released_at.is_(None))
    about = Message.depends_on["appointment"].astext == cast(Appointment.id, String)
    # Nobody needs to be reminded of a visit that was called off meanwhile.
    still_news = or_(Appointment.id.is_(None), Appointment.state != "cancelled", Message.template == "visit-cancelled")
    silenced = select(Message.id).outerjoin(Appointment, about).where(Message.person_id.in_(held), *BY_HOLD, still_news)
    return silenced.where(Message.due_at <= now())
