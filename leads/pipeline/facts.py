"""What a sequence may ask about a lead: codes and yes-or-no, never health information."""

from typing import Any

from sqlalchemy.orm import Session

from leads.consent.ledger import granted
from leads.people.models import Person
from leads.pipeline.models import Lead


def facts_about(session: Session, lead: Lead) -> dict[str, Any]:
    """Return the facts of a lead as sequences and templates know them."""
    person = session.get_one(Person, lead.person_id)
    return {
        "office": lead.office,
        "language": person.language,
        "has_phone": person.phone_index is not None,
        "grants": sorted(granted(session, person.id)),
    }
