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
from leads.todos.open import finish_all, open_todo

Result = Literal["reached", "left-message", "no-answer"]
RESULTS: tuple[Result, ...] = get_args(Result)
LONGEST = 10_000


def log_call(session: Session, lead_id: uuid.UUID, *, result: str, note: str | None = None, actor: str) -> Lead:
    """Write a call down: it ends the open call to-do, and unless the person was reached another one is due; raises Invalid."""
    words = (note or "").strip()
    if result not in RESULTS:
        raise Invalid(f"Say how the call ended: {', '.join(RESULTS)}.")
    if len(words) > LONGEST:
        raise Invalid(f"A note may have at most {LONGEST} characters.")
    lead = locked(session, lead_id)
    session.add(Note(lead_id=lead.id, text=words or None, kind=f"call:{result}", actor=actor, at=now()))
    finish_all(session, "call", lead_id=lead.id, actor=actor, outcome=result)
    lead.version += 1
    record(session, "call.logged", lead, actor=actor, result=result)
    if result == "reached":
        _reached(session, lead, actor=actor)
    else:
        open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=next_business_day(lead.office), actor=actor)
    return lead


def _reached(session: Session, lead: Lead, *, actor: str) -> None:
    lead.reached_at = lead.reached_at or now()
    if lead.stage == "new":
        move(session, lead.id, "contacted", version=lead.version, actor=actor, roles=COORDINATORS)
