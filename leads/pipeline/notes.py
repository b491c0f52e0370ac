"""Writing a note about a lead, for colleagues only."""

import uuid

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Invalid
from leads.pipeline.find import locked
from leads.pipeline.models import Note

LONGEST = 10_000


def write(session: Session, lead_id: uuid.UUID, text: str, *, actor: str, kind: str = "note") -> Note:
    """Add a note to a lead; raises Invalid for an empty or overlong one."""
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Invalid(f"A note needs words, at most {LONGEST} characters.")
    lead = locked(session, lead_id)
    note = Note(lead_id=lead.id, text=words, kind=kind, actor=actor, at=now())
    session.add(note)
    record(session, "note.written", note, actor=actor, lead=str(lead_id))
    return note
