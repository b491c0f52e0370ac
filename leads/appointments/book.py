"""Offering and booking a visit: the slot is taken, the lead moves, patient and referrer hear of it, in one transaction."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from leads.appointments.expire import expire_held, is_over
from leads.appointments.find import held, live_of
from leads.appointments.models import Appointment
from leads.appointments.record import place, put_down
from leads.appointments.slots import Slot
from leads.appointments.take import take
from leads.appointments.tell import retime, write_to_patient
from leads.clinic.in_words import in_words
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.may_email import Kind, may_email
from leads.errors import Conflict
from leads.loop.follow import visit_changed
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.stages import COORDINATORS, at_version, move
from leads.sequences.hand_over import finish_all
from leads.sequences.in_words import in_words as reason_in_words

OFFERED = "visit-offered"
NOT_YET = {
    "in_care": "{number} is in care already: visits of a treatment are not booked here.",
    "closed": "{number} is closed. Open it again first, then book.",
}
TOO_EARLY = "{number} is not qualified yet: it is at {stage}. A clinician says that it is qualified, then a visit can be booked."


def offer(session: Session, lead_id: uuid.UUID, slot: Slot, *, actor: str, version: int | None = None) -> Appointment:
    """Keep a slot for a lead until the patient answers, and write to them; the lead stays where it is.

    Raises Conflict where the lead is not ready, has a visit ahead, cannot be written to, or the slot is taken; `version` is the lead's.
    """
    lead = _ready(session, lead_id, version)
    ahead = _ahead(session, lead)
    if ahead is not None:
        raise Conflict(f"{lead.number} has an offer already, for {_when(ahead)}. Move it to another time, or take it back.")
    person = session.get_one(Person, lead.person_id)
    if why := why_no_offer(session, person):
        code = "not_allowed_now" if person.email_index else "no_address"
        raise Conflict(f"An offer goes by e-mail, and none can go. {why} Call, agree on a time, and book it.", code=code)
    visit = _new(lead, take(session, slot), "offered")
    visit.offered_until = offer_ends(visit)
    put_down(session, visit, "offered", actor=actor, to=visit.starts_at.isoformat())
    write_to_patient(session, visit, OFFERED, actor=actor)
    return visit


def book(session: Session, lead_id: uuid.UUID, slot: Slot, *, actor: str, version: int | None = None) -> Appointment:
    """Book a visit and move the lead to `booked`; what was offered meanwhile becomes this visit.

    Raises Conflict where the lead is not ready, has a visit already, or the slot is taken; `version` is the lead's.
    """
    lead = _ready(session, lead_id, version)
    offered = _ahead(session, lead)
    chosen = take(session, slot, besides=offered.id if offered else None)
    visit = offered or _new(lead, chosen, "booked")
    place(visit, chosen)
    return _booked(session, lead, visit, actor=actor)


def confirm(session: Session, appointment_id: uuid.UUID, *, version: int, actor: str) -> Appointment:
    """Write down that the patient comes; an offer is booked by it. Again changes nothing; raises Conflict, StaleVersion or NotFound."""
    lead, visit = held(session, appointment_id)
    if visit.state == "booked" and visit.confirmed_at is not None:
        return visit
    lead, visit = held(session, appointment_id, version)
    if not visit.is_live or is_over(visit):
        raise Conflict("This time is not kept any more. Ask for a new one.", code="not_allowed_now")
    if visit.starts_at <= now():
        raise Conflict("This visit's time has come already.", code="not_allowed_now")
    visit.confirmed_at = now()
    if visit.state == "offered":
        return _booked(session, _ready(session, lead.id, None), visit, actor=actor)
    put_down(session, visit, "confirmed", actor=actor)
    return visit


def why_no_offer(session: Session, person: Person) -> str | None:
    """Return in words why a person can be sent no offer by e-mail, or None. A hold is no reason: somebody calls with it instead."""
    meta = catalogue()[OFFERED].meta
    against = may_email(session, person.id, person.email_index, Kind(meta.topic, meta.lane, meta.level))
    return None if against in (None, "held") else reason_in_words(against)


def offer_ends(visit: Appointment) -> datetime:
    """Return until when an offer made now is kept: as long as the clinic says, and never beyond the visit's own time."""
    return min(now() + timedelta(hours=clinic().visits.offer_stands_hours), visit.starts_at)


def _ready(session: Session, lead_id: uuid.UUID, version: int | None) -> Lead:
    lead = locked(session, lead_id) if version is None else at_version(session, lead_id, version)
    if lead.stage not in ("qualified", "booked"):
        raise Conflict(NOT_YET.get(lead.stage, TOO_EARLY).format(number=lead.number, stage=lead.stage), code="not_allowed_now")
    return lead


def _ahead(session: Session, lead: Lead) -> Appointment | None:
    """Return the lead's offer; raises Conflict where it has a visit already."""
    visit = live_of(session, lead.id)
    if visit is not None and visit.state == "booked":
        raise Conflict(f"{lead.number} has a visit already, {_when(visit)}. Move that one, or cancel it first.", code="not_allowed_now")
    if visit is not None and is_over(visit):
        expire_held(session, visit)
        return None
    return visit


def _new(lead: Lead, slot: Slot, state: str) -> Appointment:
    visit = Appointment(person_id=lead.person_id, lead_id=lead.id, state=state, version=0, ics_sequence=0)
    place(visit, slot)
    return visit


def _booked(session: Session, lead: Lead, visit: Appointment, *, actor: str) -> Appointment:
    visit.state, visit.booked_by, visit.booked_at, visit.offered_until = "booked", actor, now(), None
    lead.office = visit.office
    put_down(session, visit, "booked", actor=actor, to=visit.starts_at.isoformat(), calendar=visit.calendar)
    if lead.stage == "qualified":
        move(session, lead.id, "booked", version=lead.version, actor=actor, roles=COORDINATORS, visit_at=visit.starts_at)
    else:
        # It stayed `booked` over a visit that was missed: to its referrers this is the same visit at a new time.
        visit_changed(session, lead.id, "reschedule", at=visit.starts_at, actor=actor)
        lead.version += 1
    finish_all(session, "rebook", lead_id=lead.id, actor=actor, outcome="booked")
    retime(session, lead, visit, actor=actor)
    write_to_patient(session, visit, "visit-booked", actor=actor)
    return visit


def _when(visit: Appointment) -> str:
    return in_words(visit.starts_at, clinic().office(visit.office).zone, "en")
