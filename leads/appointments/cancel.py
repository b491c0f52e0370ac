"""Cancelling a visit, or taking back an offer: the slot is free, the lead goes back, and everybody hears of it."""

import uuid

from sqlalchemy.orm import Session

from leads.appointments.expire import find_another_time
from leads.appointments.find import IN_WORDS, held
from leads.appointments.models import Appointment
from leads.appointments.record import end
from leads.appointments.tell import let_go, take_back, write_to_patient
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid
from leads.pipeline.stages import COORDINATORS
from leads.pipeline.stages import move as move_lead

BY_PATIENT = "The patient cancelled the visit."


def cancel(session: Session, appointment_id: uuid.UUID, *, version: int, actor: str, reason: str = "") -> Appointment:
    """Cancel a visit that is ahead; a booked lead becomes `qualified` again. A patient needs no reason, a colleague does.

    Raises Conflict where it is over, StaleVersion, NotFound, and Invalid without a reason.
    """
    lead, visit = held(session, appointment_id, version)
    by_patient = actor.startswith("person:")
    _must_be_possible(visit, by_patient=by_patient)
    was_booked, why = visit.state == "booked", _why(reason, by_patient=by_patient)
    call_off(session, visit, actor=actor, reason=why)
    if was_booked and lead.stage == "booked":
        let_go(session, lead, actor=actor)
        move_lead(session, lead.id, "qualified", version=lead.version, actor=actor, roles=COORDINATORS, reason=why)
    if by_patient:
        # Who cancels may only need another time, and asks for it less often than not: somebody calls.
        find_another_time(session, visit, actor=actor, note=reason.strip() or None)
    return visit


def call_off(session: Session, visit: Appointment, *, actor: str, reason: str | None) -> None:
    """End a visit that is held for writing and tell the patient; of an offer, which is in no calendar yet, the page says it."""
    was_booked = visit.state == "booked"
    visit.ics_sequence += was_booked
    end(session, visit, "cancelled", actor=actor, reason=reason)
    if was_booked:
        write_to_patient(session, visit, "visit-cancelled", actor=actor)
    else:
        take_back(session, visit, actor=actor)


def _must_be_possible(visit: Appointment, *, by_patient: bool) -> None:
    if not visit.is_live:
        raise Conflict(f"This visit is {IN_WORDS[visit.state]} already.", code="not_allowed_now")
    if by_patient and visit.starts_at <= now():
        raise Conflict("This visit's time has come. Please call us.", code="not_allowed_now")


def _why(reason: str, *, by_patient: bool) -> str:
    said = reason.strip()
    if not said and not by_patient:
        words = "Say why the visit is cancelled; colleagues read it on the lead."
        raise Invalid(words, errors=(FieldError("reason", "missing", words),))
    return said or BY_PATIENT
