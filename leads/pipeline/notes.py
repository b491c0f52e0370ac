"""Writing a note about a lead, for colleagues only."""

import uuid

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, Invalid
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


def take_back(session: Session, note_id: uuid.UUID, *, actor: str) -> Note:
    """Mark a note or call as taken back: its words stay in the timeline, marked so. Raises Conflict where it is already."""
    note = session.get_one(Note, note_id, with_for_update=True, populate_existing=True)
    if note.taken_back_at is not None:
        raise Conflict("It was taken back already.")
    note.taken_back_at = now()
    record(session, "note.taken_back", note, actor=actor, lead=str(note.lead_id))
    return note
