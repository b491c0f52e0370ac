"""Whose lead it is: given to a member of staff, or back to all."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.audit.trail import record
from leads.errors import FieldError, Invalid
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.stages import COORDINATORS


def assign(session: Session, lead_id: uuid.UUID, to: uuid.UUID | None, *, actor: str) -> Lead:
    """Make a lead an account's own, or everybody's where none is named."""
    lead = locked(session, lead_id)
    if lead.assigned_to != to:
        lead.assigned_to, lead.version = to, lead.version + 1
        record(session, "lead.assigned", lead, actor=actor, to=str(to) if to else None)
    return lead


def colleagues(session: Session) -> Sequence[Account]:
    """Return whom a lead can be given to: those who work with leads, by name."""
    able = (Account.disabled_at.is_(None), Account.roles.overlap(sorted(COORDINATORS)))
    return sorted(session.scalars(select(Account).where(*able)), key=lambda account: (account.name or "").casefold())


def one_of(session: Session, chosen: str) -> uuid.UUID | None:
    """Return the account whose id was chosen, None where nobody was; raises Invalid for one that works with no leads."""
    found = next((each.id for each in colleagues(session) if str(each.id) == chosen), None)
    if chosen and found is None:
        words = "Choose a colleague who works with leads."
        raise Invalid(words, errors=(FieldError("to_account", "unknown_choice", words),))
    return found
