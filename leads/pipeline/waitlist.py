"""A lead waits for a place, with a day to look again: spoken with, kept in sight, and owed no call until then."""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid
from leads.pipeline.deadlines import close_of, has_passed
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.todos.models import Todo
from leads.todos.open import finish_all, open_todo, put_off

KIND = "look-again"
LONGEST = timedelta(days=366)
# What a colleague would do for a place that there is not yet; it comes due with the day to look again.
RESTS = ("call", "rebook")


def why_not(lead: Lead) -> str | None:
    """Return in words why a lead cannot be put on the waitlist now, or None."""
    if lead.closed_at is not None:
        return "it is closed"
    # A promise to call is not kept by a list the person knows nothing of.
    return None if lead.reached_at else "we have not spoken with them yet"


def wait(session: Session, lead_id: uuid.UUID, until: date, *, note: str | None = None, actor: str) -> Todo:
    """Put a lead on the waitlist until a day; again gives it another day. Raises Conflict, or Invalid for a day we cannot keep."""
    lead = locked(session, lead_id)
    if refused := why_not(lead):
        raise Conflict(f"{lead.number} cannot wait for a place: {refused}.", code="not_allowed_now")
    due = close_of(lead.office, until)
    if has_passed(lead.office, until) or not now() < due <= now() + LONGEST:
        words = "Choose a day to look again, within a year."
        raise Invalid(words, errors=(FieldError("look_again", "no_date", words),))
    put_off(session, KIND, lead_id=lead.id, until=due, actor=actor)
    todo = open_todo(session, KIND, person_id=lead.person_id, lead_id=lead.id, due_at=due, note=(note or "").strip() or None, actor=actor)
    for kind in RESTS:
        put_off(session, kind, lead_id=lead.id, until=due, actor=actor)
    record(session, "lead.waits", lead, actor=actor, until=until.isoformat())
    write(session, lead.id, f"On the waitlist; we look again on {until:%a %b %-d, %Y}. {(note or '').strip()}".strip(), actor=actor)
    return todo


def stop_waiting(session: Session, lead_id: uuid.UUID, *, actor: str, outcome: str = "place-found") -> int:
    """Take a lead off the waitlist; returns 0 where it was on none. What rested is due now."""
    lead = locked(session, lead_id)
    ended = finish_all(session, KIND, lead_id=lead.id, actor=actor, outcome=outcome)
    if ended:
        for kind in RESTS:
            put_off(session, kind, lead_id=lead.id, until=now(), actor=actor)
        record(session, "lead.waits_no_more", lead, actor=actor, outcome=outcome)
    return ended


def waits(todos: Iterable[Todo]) -> Todo | None:
    """Return of a lead's open to-dos the one that looks again for a place, if the lead is on the waitlist."""
    return next((todo for todo in todos if todo.kind == KIND), None)
