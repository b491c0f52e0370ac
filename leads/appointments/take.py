"""Taking a slot so that nobody else can: behind a lock for each calendar, with a look for overlaps behind the lock."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.expire import expire_held
from leads.appointments.models import Appointment
from leads.appointments.slots import Slot, free_slots, outside, slot_at, taken
from leads.clinic.in_words import in_words
from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid

NEXT = 3


def take(session: Session, slot: Slot, *, besides: uuid.UUID | None = None) -> Slot:
    """Return the slot, which nobody else gets until the transaction ends; raises Conflict with the next free ones when it is taken.

    Raises Invalid for a time that has passed or at which none begins. What was agreed outside of the calendars takes nothing there.
    """
    if slot.starts_at <= now():
        words = "This time has passed. Choose one that is still to come."
        raise Invalid(words, errors=(FieldError("starts_at", "in_past", words),))
    if slot.calendar is None:
        return outside(slot.office, slot.starts_at, ends_at=slot.ends_at)
    real = slot_at(slot.calendar, slot.starts_at)
    # Two who look at once would both find the slot free. PostgreSQL lets the second look only when the first has committed.
    lock(session, "calendar", slot.calendar)
    _let_go(session, real)
    if taken(session, slot.calendar, real.starts_at, real.ends_at, besides=besides):
        raise Conflict(_gone(session, real), code="slot_taken")
    return real


def _let_go(session: Session, slot: Slot) -> None:
    """End the offers that stand in the way though their time is over; the clock may not have come round to them yet."""
    over = select(Appointment).where(
        Appointment.calendar == slot.calendar,
        Appointment.state == "offered",
        Appointment.offered_until <= now(),
        Appointment.starts_at < slot.ends_at,
        Appointment.ends_at > slot.starts_at,
    )
    # Not waited for: whoever holds one may in turn be waiting for this calendar.
    for visit in session.scalars(over.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all():
        expire_held(session, visit)


def _gone(session: Session, slot: Slot) -> str:
    zone = clinic().office(slot.office).zone
    free = free_slots(session, calendar=slot.calendar, since=slot.starts_at, limit=NEXT, soon=True)
    offered = "; ".join(in_words(each.starts_at, zone, "en") for each in free)
    words = f"{in_words(slot.starts_at, zone, 'en')} has just been taken."
    return f"{words} Free next: {offered}." if offered else f"{words} Nothing is free after it; try another calendar or an earlier day."
