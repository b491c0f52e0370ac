"""Moving a visit to another time: its mails, its calendar entry and its referrers follow in the same transaction."""

import uuid

from sqlalchemy.orm import Session

from leads.appointments.book import offer_ends
from leads.appointments.find import IN_WORDS, held
from leads.appointments.models import Appointment
from leads.appointments.record import place, put_down
from leads.appointments.slots import Slot
from leads.appointments.take import take
from leads.appointments.tell import retime, write_to_patient
from leads.clock import now
from leads.errors import Conflict
from leads.loop.follow import visit_changed
from leads.pipeline.models import Lead
from leads.sequences.hand_over import finish_all


def move(session: Session, appointment_id: uuid.UUID, slot: Slot, *, version: int, actor: str) -> Appointment:
    """Give a visit another time or place; raises Conflict when the slot is taken or the visit is over, StaleVersion, NotFound.

    To the time it has already, nothing changes and nobody hears anything.
    """
    lead, visit = held(session, appointment_id, version)
    _must_be_ahead(visit)
    before = visit.starts_at
    if (slot.calendar, slot.starts_at, slot.office) == (visit.calendar, before, visit.office):
        return visit
    place(visit, take(session, slot, besides=visit.id))
    # What the patient said yes to was the time before.
    visit.confirmed_at, visit.ics_sequence = None, visit.ics_sequence + 1
    times = {"from": before.isoformat(), "to": visit.starts_at.isoformat()}
    if visit.state == "offered":
        visit.offered_until = offer_ends(visit)
    put_down(session, visit, "moved", actor=actor, calendar=visit.calendar, **times)
    _tell(session, lead, visit, actor=actor)
    return visit


def _must_be_ahead(visit: Appointment) -> None:
    if not visit.is_live:
        raise Conflict(f"This visit is {IN_WORDS[visit.state]}. Book a new one instead.", code="not_allowed_now")
    if visit.state == "booked" and visit.starts_at <= now():
        raise Conflict(
            "This visit's time has passed. Say first whether the patient came; then a new one can be booked.", code="not_allowed_now"
        )


def _tell(session: Session, lead: Lead, visit: Appointment, *, actor: str) -> None:
    finish_all(session, "rebook", lead_id=lead.id, actor=actor, outcome="moved")
    if visit.state == "offered":
        write_to_patient(session, visit, "visit-offered", actor=actor)
        return
    lead.office, lead.version = visit.office, lead.version + (lead.office != visit.office)
    visit_changed(session, lead.id, "reschedule", at=visit.starts_at, actor=actor)
    retime(session, lead, visit, actor=actor)
    write_to_patient(session, visit, "visit-moved", actor=actor)
