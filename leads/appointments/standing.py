"""Which visit of a lead one speaks of: the one ahead, else the last that was."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import LIVE, Appointment


def visit_of(session: Session, lead_id: uuid.UUID) -> Appointment | None:
    """Return the lead's visit that is offered or booked, else the latest it had, else None."""
    theirs = select(Appointment).where(Appointment.lead_id == lead_id)
    newest = theirs.order_by(Appointment.state.in_(LIVE).desc(), Appointment.starts_at.desc()).limit(1)
    return session.scalars(newest).first()
