"""Finding a lead by the number people say on the phone."""

import re
import uuid
from collections.abc import Collection

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.pipeline.models import FurtherNumber, Lead, number
from leads.round_trips import Statement

# Drawn by whoever wants to know the number of a lead before it is there.
NEXT_SERIAL = select(func.nextval("leads_serial_seq"))
OPEN_LEAD = Statement.of(
    select(Lead.id).where(Lead.person_id == bindparam("person"), Lead.closed_at.is_(None)).order_by(Lead.serial.desc()).limit(1)
)
NUMBER = re.compile(r"^L-?0*(\d{1,18})$", re.IGNORECASE)


def by_number(session: Session, words: str) -> Lead:
    """Return the lead of a number like L-000042, its own or that of an inquiry which joined it; raises NotFound."""
    serial = NUMBER.fullmatch(words.strip())
    lead = _numbered(session, int(serial.group(1))) if serial else None
    if lead is None:
        raise NotFound(f"There is no lead {words}. Numbers look like L-000042.")
    return lead


def further_number(session: Session, lead: Lead, serial: int) -> str:
    """Return one more number the lead answers to from now on: that of a serial drawn with NEXT_SERIAL."""
    session.add(FurtherNumber(serial=serial, lead_id=lead.id))
    return number(serial)


def _numbered(session: Session, serial: int) -> Lead | None:
    further = select(FurtherNumber.lead_id).where(FurtherNumber.serial == serial).scalar_subquery()
    lead = session.scalar(select(Lead).where(or_(Lead.serial == serial, Lead.id == further)))
    while lead is not None and lead.joined_to is not None:
        lead = session.get_one(Lead, lead.joined_to)
    return lead


def locked(session: Session, lead_id: uuid.UUID) -> Lead:
    """Return a lead, held until the transaction ends; raises NotFound."""
    # A row that this session read before it waited for the lock is a row of yesterday: SQLAlchemy keeps it unless told otherwise.
    lead = session.get(Lead, lead_id, with_for_update=True, populate_existing=True)
    if lead is None:
        raise NotFound("There is no such lead.")
    return lead


def open_lead_of(session: Session, person_id: uuid.UUID) -> Lead | None:
    """Return the person's open lead, if there is one."""
    return session.scalar(select(Lead).where(Lead.person_id == person_id, Lead.closed_at.is_(None)).order_by(Lead.serial.desc()).limit(1))


def numbers_of(session: Session, lead_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the numbers of these leads, by their ids."""
    return {lead.id: lead.number for lead in session.scalars(select(Lead).where(Lead.id.in_(lead_ids)))}
