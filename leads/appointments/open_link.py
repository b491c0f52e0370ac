"""The link of a visit's mail: it opens the visit as it stands now, wherever it has been moved to since."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import LIVE, Appointment
from leads.messages.models import Message
from leads.security.tokens import Token, no_such_link, read


@dataclass(frozen=True)
class Opened:
    """A link, and the visit behind it."""

    link: Token
    visit: Appointment

    @property
    def actor(self) -> str:
        """How the record names whoever holds the link."""
        return f"person:{self.link.person_id}"


def open_link(session: Session, text: str) -> Opened:
    """Return the visit a link opens; raises NotFound, the same for every link that opens nothing."""
    link = read(session, "visit", text)
    message = session.get(Message, link.message_id) if link.message_id else None
    named = (message.facts or {}).get("appointment") if message else None
    visit = session.get(Appointment, uuid.UUID(named)) if named else None
    if visit is None:
        raise no_such_link()
    return Opened(link, _latest(session, visit))


def _latest(session: Session, visit: Appointment) -> Appointment:
    # An old mail of a visit that was called off must not say so while a new one of the same person stands.
    if visit.is_live:
        return visit
    standing = select(Appointment).where(Appointment.lead_id == visit.lead_id, Appointment.state.in_(LIVE))
    return session.scalars(standing.order_by(Appointment.starts_at.desc()).limit(1)).first() or visit
