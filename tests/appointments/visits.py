"""Leads that may be booked, and slots to book them into."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.book import book
from leads.appointments.models import Appointment
from leads.appointments.slots import Slot, free_slots, slot_at
from leads.clinic.profile import clinic
from leads.clock import local_to_utc
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from tests.cast import ACTOR, make_confirmed_person, make_lead

# The Tuesday a week after the day on which the clock stands: Clinician A sees people from nine to twelve.
NEXT_WEEK = date(2026, 10, 13)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment by the wall clock in New Haven."""
    return local_to_utc(day, time(hour, minute), clinic().office("new-haven").zone).astimezone(UTC)


def slot(hour: int = 9, *, day: date = NEXT_WEEK, calendar: str = "clinician-a") -> Slot:
    """A slot of Clinician A's week."""
    return slot_at(calendar, moment(day, hour))


def ready(session: Session, **changes: Any) -> Lead:
    """A lead that is qualified, of somebody who can be written to."""
    person = changes.pop("person", None) or make_confirmed_person(session)
    return make_lead(session, person, **{"stage": "qualified", "office": "new-haven"} | changes)


def booked(session: Session, hour: int = 9) -> Appointment:
    """A visit of a lead, booked."""
    return book(session, ready(session).id, slot(hour), actor=ACTOR)


def templates(session: Session, state: str = "planned") -> list[str]:
    """The mails in a state, by template, in the order of their making; those of sequences too."""
    session.flush()
    return list(session.scalars(select(Message.template).where(Message.state == state).order_by(Message.id)))


def at_once(session: Session) -> list[str]:
    """The planned mails that belong to no sequence."""
    session.flush()
    mine = (Message.state == "planned", Message.enrolment_id.is_(None))
    return list(session.scalars(select(Message.template).where(*mine).order_by(Message.id)))


def todos(session: Session) -> list[str]:
    """The kinds of the open to-dos."""
    session.flush()
    return list(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None)).order_by(Todo.id)))


def first_free(session: Session, **asked: Any) -> Slot:
    """The earliest free slot."""
    return free_slots(session, **asked)[0]
