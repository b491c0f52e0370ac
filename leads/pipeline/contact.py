"""Logging a call: reached keeps the promise and moves a new lead on; anything else asks for another try on the next business day."""

import uuid
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import FieldError, Invalid
from leads.pipeline.deadlines import close_of, next_business_day
from leads.pipeline.find import locked
from leads.pipeline.models import Lead, Note
from leads.pipeline.stages import COORDINATORS, move
from leads.sequences.hand_over import finish_all
from leads.todos.open import open_todo, put_off

Result = Literal["reached", "left-message", "no-answer"]
RESULTS: tuple[Result, ...] = get_args(Result)
LONGEST = 10_000
LATEST = timedelta(days=366)


def log_call(
    session: Session, lead_id: uuid.UUID, *, result: str, note: str | None = None, again_on: date | None = None, actor: str
) -> Lead:
    """Write a call down: it ends the open call to-do, or puts it off when the person was not reached; raises Invalid.

    `again_on` is the day on which to call again: for somebody reached a to-do of its own, else instead of the next business day.
    """
    words = (note or "").strip()
    if result not in RESULTS:
        raise Invalid(f"Say how the call ended: {', '.join(RESULTS)}.")
    if len(words) > LONGEST:
        raise Invalid(f"A note may have at most {LONGEST} characters.")
    lead = locked(session, lead_id)
    until = _day(lead, again_on) if again_on else None
    session.add(Note(lead_id=lead.id, text=words or None, kind=f"call:{result}", actor=actor, at=now()))
    # A call changes what is needed next, so a page opened before it is stale.
    lead.version += 1
    record(session, "call.logged", lead, actor=actor, result=result)
    if result == "reached":
        finish_all(session, "call", lead_id=lead.id, actor=actor, outcome=result)
        _reached(session, lead, actor=actor)
        if until is not None:
            open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=until, actor=actor)
    else:
        _try_again(session, lead, until or next_business_day(lead.office), actor=actor)
    return lead


def _day(lead: Lead, day: date) -> datetime:
    until = close_of(lead.office, day)
    if not now() < until <= now() + LATEST:
        words = "Choose a day for the next call, within a year."
        raise Invalid(words, errors=(FieldError("again_on", "no_date", words),))
    return until


def _try_again(session: Session, lead: Lead, until: datetime, *, actor: str) -> None:
    # The to-do stays the same one: a sequence that waits for this call has not had it yet.
    if not put_off(session, "call", lead_id=lead.id, until=until, actor=actor):
        open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=until, actor=actor)


def _reached(session: Session, lead: Lead, *, actor: str) -> None:
    lead.reached_at = lead.reached_at or now()
    if lead.stage == "new":
        move(session, lead.id, "contacted", version=lead.version, actor=actor, roles=COORDINATORS)
