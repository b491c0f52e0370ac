"""Logging a call: spoken with them, the promise is kept and a new lead moves on; else another try is asked for, a business day on."""

import uuid
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import FieldError, Invalid
from leads.people.models import Person
from leads.pipeline.deadlines import close_of, has_passed, next_business_day
from leads.pipeline.find import locked
from leads.pipeline.models import Lead, Note
from leads.pipeline.stages import COORDINATORS, move
from leads.sequences.hand_over import finish_all
from leads.todos.open import open_todo, put_off

Result = Literal["reached", "left-message", "no-answer", "busy", "wrong-number", "no-calls"]
RESULTS: tuple[Result, ...] = get_args(Result)
# After these we have spoken with them.
SPOKE = ("reached", "no-calls")
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
    if result == "no-calls" and again_on:
        raise _amiss("They asked us not to call: leave the day of the next call empty.")
    lead = locked(session, lead_id)
    until = _day(lead, again_on) if again_on else None
    call = Note(lead_id=lead.id, text=words or None, kind=f"call:{result}", actor=actor, at=now())
    session.add(call)
    is_first_contact = result in SPOKE and lead.reached_at is None
    # A call changes what is needed next, so a page opened before it is stale.
    lead.version += 1
    record(session, "call.logged", lead, actor=actor, result=result, note=str(call.id), is_first_contact=is_first_contact)
    if result in SPOKE:
        finish_all(session, "call", lead_id=lead.id, actor=actor, outcome=result)
        _reached(session, lead, actor=actor)
        if until is not None:
            open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=until, actor=actor)
    else:
        _try_again(session, lead, until or next_business_day(lead.office), actor=actor)
    _heed(session, lead, result, actor=actor)
    return lead


def _heed(session: Session, lead: Lead, result: str, *, actor: str) -> None:
    """Do what follows from some ends of a call: the right number is looked for; who asks for no calls is reached another way."""
    if result == "wrong-number":
        due = next_business_day(lead.office)
        open_todo(session, "wrong-number", person_id=lead.person_id, lead_id=lead.id, due_at=due, actor=actor)
    if result == "no-calls":
        person = session.get_one(Person, lead.person_id, with_for_update=True)
        was, person.reach_by = person.reach_by, "email" if person.email_index is not None else "text"
        record(session, "person.reach_by", person, actor=actor, was=was, to=person.reach_by)


def _day(lead: Lead, day: date) -> datetime:
    until = close_of(lead.office, day)
    if has_passed(lead.office, day) or not now() < until <= now() + LATEST:
        raise _amiss("Choose a day for the next call, within a year.")
    return until


def _amiss(words: str) -> Invalid:
    return Invalid(words, errors=(FieldError("again_on", "no_date", words),))


def _try_again(session: Session, lead: Lead, until: datetime, *, actor: str) -> None:
    # The to-do stays the same one: a sequence that waits for this call has not had it yet.
    if not put_off(session, "call", lead_id=lead.id, until=until, actor=actor):
        open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=until, actor=actor)


def _reached(session: Session, lead: Lead, *, actor: str) -> None:
    lead.reached_at = lead.reached_at or now()
    if lead.stage == "new":
        move(session, lead.id, "contacted", version=lead.version, actor=actor, roles=COORDINATORS)
