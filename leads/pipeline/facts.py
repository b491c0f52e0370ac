"""What a sequence may ask about a lead: codes and yes-or-no, never health information."""

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import granted
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.sequences.retime import facts_changed


def facts_about(session: Session, lead: Lead, grants: Collection[str] | None = None) -> dict[str, Any]:
    """Return the facts of a lead as sequences and templates know them; `grants` where they were read already."""
    person = session.get_one(Person, lead.person_id)
    return {
        "office": lead.office,
        "language": person.language,
        "has_phone": person.phone_index is not None,
        "grants": sorted(granted(session, person.id) if grants is None else grants),
    }


def person_changed(session: Session, person_id: uuid.UUID, *, actor: str) -> None:
    """Plan a person's running sequences again where a condition of theirs asks about what has changed: a grant, the language."""
    session.flush()
    for lead in session.scalars(select(Lead).where(Lead.person_id == person_id, Lead.closed_at.is_(None))).all():
        facts_changed(session, lead.id, facts_about(session, lead), actor=actor)
