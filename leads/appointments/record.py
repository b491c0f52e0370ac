"""Each change of an appointment raises its version and leaves a line of its history, in the same transaction."""

from typing import Any

from sqlalchemy.orm import Session

from leads.appointments.models import Appointment, AppointmentEvent
from leads.appointments.slots import Slot
from leads.audit.trail import record
from leads.clock import now


def put_down(session: Session, visit: Appointment, event: str, *, actor: str, **details: Any) -> None:
    """Write down what happened to an appointment; `details` takes times and codes only."""
    visit.version, visit.changed_at = visit.version + 1, now()
    session.add(visit)
    # An event's row refers to its appointment, and an id alone gives the unit of work no order.
    session.flush()
    session.add(
        AppointmentEvent(appointment_id=visit.id, event=event, by=actor, at=visit.changed_at, version=visit.version, details=details)
    )
    record(session, f"appointment.{event}", visit, actor=actor, lead=str(visit.lead_id), version=visit.version)


def end(session: Session, visit: Appointment, state: str, *, actor: str, event: str | None = None, reason: str | None = None) -> None:
    """Give an appointment its last state, with who, when and why; its time in the calendar is free from then on."""
    visit.state, visit.ended_at, visit.ended_by, visit.reason = state, now(), actor, reason or None
    put_down(session, visit, event or state, actor=actor)


def place(visit: Appointment, slot: Slot) -> None:
    """Give an appointment the place and time of a slot."""
    visit.office, visit.calendar, visit.starts_at, visit.ends_at = slot
