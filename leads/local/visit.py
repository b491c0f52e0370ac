"""Visits of synthetic people, by the real verbs: booked into the clinic's calendars, moved, kept and missed."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from leads.appointments.arrive import attended, no_show
from leads.appointments.book import book, confirm, offer, why_no_offer
from leads.appointments.cancel import cancel
from leads.appointments.find import live_of
from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.appointments.slots import Slot, free_slots, outside
from leads.clinic.profile import clinic
from leads.clock import now
from leads.people.models import Person
from leads.pipeline.models import Lead

SOON = timedelta(days=3)
NEARLY_A_WEEK = timedelta(days=5, hours=12)


def book_visit(session: Session, lead_id: uuid.UUID, *, actor: str, before: datetime | None = None) -> Appointment:
    """Book the first free slot some days from now; where there is none `before` a moment, a time that was agreed on by phone."""
    return book(session, lead_id, _slot(session, lead_id, before or now() + NEARLY_A_WEEK), actor=actor)


def book_ahead(session: Session, lead_id: uuid.UUID, *, after: datetime, actor: str) -> Appointment | None:
    """Offer a visit that is still to come `after` a moment, and let the patient say yes; None where nothing is free then."""
    lead = session.get_one(Lead, lead_id)
    # Not one that begins at that very moment: an offer of it would have ended before anybody saw it.
    free = free_slots(session, since=after + timedelta(hours=1), limit=8)
    if not free:
        return None
    slot = free[lead.serial % len(free)]
    if why_no_offer(session, session.get_one(Person, lead.person_id)):
        return book(session, lead_id, slot, actor=actor)
    offered = offer(session, lead_id, slot, actor=actor)
    # Who was asked lately may not have answered yet; an older offer would have ended by now.
    if lead.serial % 3 == 0 and after - now() < timedelta(hours=clinic().visits.offer_stands_hours):
        return offered
    return confirm(session, offered.id, version=offered.version, actor=f"person:{lead.person_id}")


def move_visit(session: Session, lead_id: uuid.UUID, *, actor: str) -> None:
    """Move the visit a lead has to a later free slot."""
    if (visit := live_of(session, lead_id)) is None:
        return
    for slot in free_slots(session, since=visit.starts_at + timedelta(days=2), limit=1):
        move(session, visit.id, slot, version=visit.version, actor=actor)


def cancel_visit(session: Session, lead_id: uuid.UUID, *, actor: str, reason: str) -> None:
    """Cancel the visit a lead has."""
    if visit := live_of(session, lead_id):
        cancel(session, visit.id, version=visit.version, actor=actor, reason=reason)


def miss_visit(session: Session, lead_id: uuid.UUID, *, actor: str) -> None:
    """Write down that nobody came, where the visit's time has passed."""
    visit = live_of(session, lead_id)
    if visit is not None and visit.starts_at <= now():
        no_show(session, visit.id, version=visit.version, actor=actor)


def keep_visit(session: Session, lead_id: uuid.UUID, *, actor: str) -> None:
    """Write down that the patient came, where the visit's day has."""
    visit = live_of(session, lead_id)
    # On its day, if need be before its hour, as at the desk: two steps of a story may fall on one Monday morning.
    if visit is not None and visit.state == "booked" and visit.starts_at < now() + timedelta(minutes=5):
        attended(session, visit.id, version=visit.version, actor=actor)


def _slot(session: Session, lead_id: uuid.UUID, before: datetime) -> Slot:
    free = free_slots(session, since=min(now() + SOON, before - timedelta(days=1)), until=before, limit=1, soon=True)
    if free:
        return free[0]
    office = clinic().office(session.get_one(Lead, lead_id).office).code
    return outside(office, now() + max((before - now()) / 2, timedelta(minutes=1)))
