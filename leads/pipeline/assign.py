"""Whose lead it is: given to a member of staff, or back to all."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from leads.accounts.staff import Colleague, working
from leads.audit.trail import record
from leads.errors import Conflict, FieldError, Invalid
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.stages import COORDINATORS

CLOSED = "A closed lead is assigned to nobody: open it again on its page first."


def assign(session: Session, lead_id: uuid.UUID, to: uuid.UUID | None, *, actor: str) -> Lead:
    """Make a lead an account's own, or everybody's where none is named; raises Conflict for a closed one."""
    lead = locked(session, lead_id)
    if lead.closed_at is not None:
        raise Conflict(CLOSED, code="not_allowed_now")
    if lead.assigned_to != to:
        was, lead.assigned_to, lead.version = lead.assigned_to, to, lead.version + 1
        record(session, "lead.assigned", lead, actor=actor, to=_named(to), was=_named(was))
    return lead


def colleagues(session: Session) -> Sequence[Colleague]:
    """Return whom a lead can be given to: those who work with leads, by name."""
    return working(session, COORDINATORS)


def one_of(session: Session, chosen: str, *, field: str = "to_account") -> uuid.UUID | None:
    """Return the account whose id was chosen, None where nobody was; raises Invalid for one that works with no leads."""
    found = next((each.id for each in colleagues(session) if str(each.id) == chosen), None)
    if chosen and found is None:
        words = "Choose a colleague who works with leads."
        raise Invalid(words, errors=(FieldError(field, "unknown_choice", words),))
    return found


def _named(account: uuid.UUID | None) -> str | None:
    return str(account) if account else None
