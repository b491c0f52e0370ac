"""Which visit of a lead one speaks of: the one ahead, else the last that was."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment


def visit_of(session: Session, lead_id: uuid.UUID) -> Appointment | None:
    """Return the lead's visit that is offered or booked, else the latest it had, else None."""
    return one_of(session.scalars(select(Appointment).where(Appointment.lead_id == lead_id)))


def one_of(visits: Iterable[Appointment]) -> Appointment | None:
    """Return the same of all visits of a lead."""
    return max(visits, key=lambda each: (each.is_live, each.starts_at), default=None)
