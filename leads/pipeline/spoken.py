"""What a person agrees to, or takes back, in conversation: in the ledger with whose word it is, and it holds at once."""

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.consent.ledger import Spoken, grant, granted, withdraw
from leads.consent.models import Suppression
from leads.consent.never import never_again
from leads.errors import Conflict, FieldError, Invalid
from leads.pipeline.facts import person_changed
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.unsubscribe import allow_topic
from leads.sequences.stop import stop_for

KINDS = ("contact", "education", "unencrypted_email")

NEVER = {
    "deceased": "they have died",
    "never-contact": "they asked never to be contacted again; a supervisor can take that back first",
}


def why_no_agreeing(never: Suppression | None) -> str | None:
    """Return in words why somebody of whom this stop for good stands can agree to nothing, or None where there is no stop."""
    return NEVER[never.reason] if never else None


def agree(session: Session, lead_id: uuid.UUID, kinds: Collection[str], *, evidence: str, actor: str) -> Lead:
    """Let a person's consent be what they said just now: these kinds, and no other.

    Raises Invalid without words on who said so, Conflict where they are to be contacted never again; to take all back is never refused.
    """
    lead = locked(session, lead_id)
    if kinds and (why := why_no_agreeing(never_again(session, lead.person_id))):
        raise Conflict(f"Nothing can be agreed to now: {why}.", code="not_allowed_now")
    if not evidence.strip():
        words = "Say with whom you spoke, and what they said."
        raise Invalid(words, errors=(FieldError("agreed_evidence", "required", words),))
    if unknown := set(kinds) - set(KINDS):
        raise Invalid(f"There is no consent called {', '.join(sorted(unknown))}.")
    before = granted(session, lead.person_id)
    how = Spoken(source="spoken", method="spoken", wording=clinic().consent.version, evidence=evidence.strip())
    for kind in KINDS:
        if kind in kinds and kind not in before:
            _grant(session, lead.person_id, kind, how, actor)
        elif kind in before and kind not in kinds:
            withdraw(session, lead.person_id, kind, how, actor=actor)
            session.flush()
            stop_for(session, f"withdrawal:{kind}", person_id=lead.person_id, actor=actor)
    person_changed(session, lead.person_id, actor=actor)
    return lead


def _grant(session: Session, person_id: uuid.UUID, kind: str, how: Spoken, actor: str) -> None:
    if kind == "education":
        # Whoever stopped it by a link and says yes now gets it again: of two answers the later one counts.
        allow_topic(session, person_id, kind, how=how, agreed=True, actor=actor)
    else:
        grant(session, person_id, kind, how, actor=actor)
