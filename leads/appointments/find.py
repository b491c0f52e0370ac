"""Finding appointments: by id, by lead, and held for writing."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import LIVE, Appointment, AppointmentEvent
from leads.errors import NotFound, StaleVersion
from leads.pipeline.find import locked
from leads.pipeline.models import Lead

IN_WORDS = {
    "offered": "offered",
    "booked": "booked",
    "cancelled": "cancelled",
    "attended": "recorded as attended",
    "no_show": "recorded as missed",
}


def get(session: Session, appointment_id: uuid.UUID) -> Appointment:
    """Return an appointment; raises NotFound."""
    visit = session.get(Appointment, appointment_id)
    if visit is None:
        raise NotFound("There is no such appointment.")
    return visit


def held(session: Session, appointment_id: uuid.UUID, version: int | None = None) -> tuple[Lead, Appointment]:
    """Return an appointment and its lead, both held until the transaction ends.

    Raises NotFound, or StaleVersion when somebody wrote since `version` was read.
    """
    # The lead before its appointment, always: booking knows only the lead, and two who held one each would wait for each other.
    lead = locked(session, get(session, appointment_id).lead_id)
    visit = session.get_one(Appointment, appointment_id, with_for_update=True, populate_existing=True)
    if version is not None and visit.version != version:
        words = f"Somebody changed this visit in the meantime: it is {IN_WORDS[visit.state]} now. Look again, then decide."
        raise StaleVersion(words)
    return lead, visit


def live_of(session: Session, lead_id: uuid.UUID) -> Appointment | None:
    """Return the lead's visit that is still ahead, offered or booked, if there is one."""
    live = select(Appointment).where(Appointment.lead_id == lead_id, Appointment.state.in_(LIVE))
    return session.scalar(live.execution_options(populate_existing=True))


def of_lead(session: Session, lead_id: uuid.UUID) -> Sequence[Appointment]:
    """Return every appointment of a lead, the newest made first."""
    return session.scalars(select(Appointment).where(Appointment.lead_id == lead_id).order_by(Appointment.id.desc())).all()


def events_of(session: Session, appointment_id: uuid.UUID) -> Sequence[AppointmentEvent]:
    """Return what happened to an appointment, in order."""
    return session.scalars(
        select(AppointmentEvent).where(AppointmentEvent.appointment_id == appointment_id).order_by(AppointmentEvent.version)
    ).all()
