"""An offer that nobody answered ends: its slot is free again, and somebody calls, so that the person is not lost with it."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.find import held
from leads.appointments.models import Appointment
from leads.appointments.record import end
from leads.audit.trail import SYSTEM
from leads.clock import now
from leads.pipeline.deadlines import next_business_day
from leads.todos.open import open_todo

BATCH = 200


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return the offers whose time is over, the longest over first."""
    over = select(Appointment.id).where(Appointment.state == "offered", Appointment.offered_until <= now())
    return session.scalars(over.order_by(Appointment.offered_until).limit(BATCH)).all()


def expire(session: Session, appointment_id: uuid.UUID) -> bool:
    """End an offer whose time is over; returns False where somebody was faster, or it was renewed."""
    _, visit = held(session, appointment_id)
    if visit.state != "offered" or not is_over(visit):
        return False
    expire_held(session, visit)
    return True


def expire_held(session: Session, visit: Appointment) -> None:
    """End an offer that is held for writing, and ask somebody to find another time."""
    end(session, visit, "cancelled", event="expired", actor=SYSTEM)
    find_another_time(session, visit, actor=SYSTEM)


def is_over(visit: Appointment) -> bool:
    """True for an offer that is not kept any longer."""
    return visit.offered_until is not None and visit.offered_until <= now()


def find_another_time(session: Session, visit: Appointment, *, actor: str, note: str | None = None) -> None:
    """Open the to-do `rebook`, due by the end of the office's next business day; several notes come to stand below each other."""
    due_at = next_business_day(visit.office)
    todo = open_todo(session, "rebook", person_id=visit.person_id, lead_id=visit.lead_id, due_at=due_at, note=note, actor=actor)
    if note and note not in (todo.note or ""):
        todo.note = f"{todo.note}\n{note}" if todo.note else note
