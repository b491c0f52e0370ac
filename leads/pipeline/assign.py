"""Whose lead it is: taken by a member of staff, or given back to all."""

import uuid

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.pipeline.find import locked
from leads.pipeline.models import Lead


def assign(session: Session, lead_id: uuid.UUID, to: uuid.UUID | None, *, actor: str) -> Lead:
    """Make a lead an account's own, or everybody's where none is named."""
    lead = locked(session, lead_id)
    if lead.assigned_to != to:
        lead.assigned_to, lead.version = to, lead.version + 1
        record(session, "lead.assigned", lead, actor=actor, to=str(to) if to else None)
    return lead
