"""The page of a visit as a mail leads to it, and offers beside the visits of `visits.py`."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from leads.appointments.book import book, offer
from leads.appointments.models import Appointment
from leads.clock import real_now
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.security.tokens import Grant, issue
from tests.appointments.visits import ready, slot
from tests.cast import ACTOR

HERE = ZoneInfo("America/New_York")


def booked_visit(session: Session, lead: Lead | None = None, hour: int = 9) -> Appointment:
    """A visit a week from now, of a lead or of somebody new."""
    return book(session, (lead or ready(session)).id, slot(hour), actor=ACTOR)


def offered_visit(session: Session, hour: int = 9) -> Appointment:
    """A time that was offered and not yet taken."""
    return offer(session, ready(session).id, slot(hour), actor=ACTOR)


def link_of(session: Session, visit: Appointment, template: str = "visit-booked") -> str:
    """The page of a visit as a mail that went out leads to it."""
    message = post(session, visit.person_id, template, cause="test", facts={"appointment": str(visit.id)}, lead_id=visit.lead_id)
    session.flush()
    grant = Grant("visit", visit.person_id, message.id, expires_at=real_now() + timedelta(days=30))
    return f"/a/{issue(session, message.id, grant)}"
