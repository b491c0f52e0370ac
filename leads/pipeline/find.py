"""Finding a lead by the number people say on the phone."""

import re
import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.pipeline.models import Lead

NUMBER = re.compile(r"^L-?0*(\d{1,18})$", re.IGNORECASE)


def by_number(session: Session, number: str) -> Lead:
    """Return the lead of a number like L-000042; raises NotFound."""
    serial = NUMBER.fullmatch(number.strip())
    lead = session.scalar(select(Lead).where(Lead.serial == int(serial.group(1)))) if serial else None
    if lead is None:
        raise NotFound(f"There is no lead {number}. Numbers look like L-000042.")
    return lead


def locked(session: Session, lead_id: uuid.UUID) -> Lead:
    """Return a lead, held until the transaction ends; raises NotFound."""
    lead = session.get(Lead, lead_id, with_for_update=True)
    if lead is None:
        raise NotFound("There is no such lead.")
    return lead


def open_lead_of(session: Session, person_id: uuid.UUID) -> Lead | None:
    """Return the person's open lead, if there is one."""
    return session.scalar(select(Lead).where(Lead.person_id == person_id, Lead.closed_at.is_(None)).order_by(Lead.serial.desc()).limit(1))


def numbers_of(session: Session, lead_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the numbers of these leads, by their ids."""
    return {lead.id: lead.number for lead in session.scalars(select(Lead).where(Lead.id.in_(lead_ids)))}
