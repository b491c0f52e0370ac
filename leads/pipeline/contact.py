"""Logging a call: reached keeps the promise and moves a new lead on; anything else asks for another try on the next business day."""

import uuid
from typing import Literal, get_args

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Invalid
from leads.pipeline.deadlines import next_business_day
from leads.pipeline.find import locked
from leads.pipeline.models import Lead, Note
from leads.pipeline.stages import COORDINATORS, move
from leads.sequences.hand_over import finish_all
from leads.todos.open import open_todo, put_off

Result = Literal["reached", "left-message", "no-answer"]
RESULTS: tuple[Result, ...] = get_args(Result)
LONGEST = 10_000


def log_call(session: Session, lead_id: uuid.UUID, *, result: str, note: str | None = None, actor: str) -> Lead:
    """Write a call down: it ends the open call to-do, or puts it off when the person was not reached; raises Invalid."""
    words = (note or "").strip()
    if result not in RESULTS:
        raise Invalid(f"Say how the call ended: {', '.join(RESULTS)}.")
    if len(words) > LONGEST:
        raise Invalid(f"A note may have at most {LONGEST} characters.")
    lead = locked(session, lead_id)
    session.add(Note(lead_id=lead.id, text=words or None, kind=f"call:{result}", actor=actor, at=now()))
    # A call changes what is needed next, so a page opened before it is stale.
    lead.version += 1
    record(session, "call.logged", lead, actor=actor, result=result)
    if result == "reached":
        finish_all(session, "call", lead_id=lead.id, actor=actor, outcome=result)
        _reached(session, lead, actor=actor)
    else:
        _try_again(session, lead, actor=actor)
    return lead


def _try_again(session: Session, lead: Lead, *, actor: str) -> None:
    # The to-do stays the same one: a sequence that waits for this call has not had it yet.
    until = next_business_day(lead.office)
    if not put_off(session, "call", lead_id=lead.id, until=until, actor=actor):
        open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=until, actor=actor)


def _reached(session: Session, lead: Lead, *, actor: str) -> None:
    lead.reached_at = lead.reached_at or now()
    if lead.stage == "new":
        move(session, lead.id, "contacted", version=lead.version, actor=actor, roles=COORDINATORS)
