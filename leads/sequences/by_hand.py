"""What a colleague does to a person's mails by hand: send one now, write a note of their own. No guard is passed over for it."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clinic.windows import Window, next_open
from leads.clock import now
from leads.consent.ledger import paused_until
from leads.consent.may_email import Kind, Standings
from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.messages.due import JUST_CLAIMED, Due
from leads.messages.guards import objection
from leads.messages.models import Message
from leads.messages.note import TEMPLATE, paragraphs_of
from leads.messages.outbox import MOVED_BY_STAFF, STOPPABLE, post
from leads.messages.steer import times_of
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.sequences.explain import resting
from leads.sequences.in_words import in_words

# A colleague works later than this, a note still arrives by day.
BY_DAY = Window.model_validate({"from": "08:00", "to": "20:00"})
CAUSE = "by-hand"


def why_not_now(session: Session, message: Message) -> str | None:
    """Return in words why a planned mail may not go at this moment, or None where every guard would let it pass."""
    rests = resting(session, message.lane)
    if rests is not None:
        return rests
    found = session.execute(JUST_CLAIMED, {"ids": [message.id], "at": now()}).one()
    # Its own time is what is asked to be given up; nothing else is.
    against = objection(replace(Due(*found), due_at=now(), local_due=""))
    if against is None:
        return None
    why = in_words(against.reason)
    return f"{why} It can go {_spoken(message, against.wait_until)} at the earliest." if against.wait_until else why


def send_now(session: Session, message_id: uuid.UUID, *, after: timedelta = timedelta(), actor: str) -> Message:
    """Make a planned mail due at once, or `after` a moment in which it can be called back; raises NotFound, or Conflict saying why not."""
    message = _held(session, message_id)
    if message.state not in STOPPABLE:
        raise Conflict(f"This message cannot be sent by hand any more: it is {message.state}.")
    if why := why_not_now(session, message):
        raise Conflict(f"Not sent now. {why}", code="not_allowed_now")
    at, was = now() + after, times_of(message)
    _put_off(message, at, actor)
    record(session, "message.sent_by_hand", message, actor=actor, due=at.isoformat(), was=was)
    return message


def why_no_note(standings: Standings) -> str | None:
    """Return in words why a person can be written no note now, or None. A pause is no reason: the note waits behind it."""
    meta = catalogue()[TEMPLATE].meta
    against = standings.may_email(Kind(meta.topic, meta.lane, meta.level))
    return None if against in (None, "paused") else in_words(against)


def write_note(
    session: Session, person_id: uuid.UUID, lead_id: uuid.UUID, text: str, *, at: datetime, office: str, signed_by: str, actor: str
) -> Message:
    """Put a one-off note down, to go by day at or after `at`; raises Invalid for words that may not go, Conflict where no mail may."""
    person, lines = session.get_one(Person, person_id), paragraphs_of(text)
    if why := why_no_note(Standings(session, person.id, person.email_index)):
        raise Conflict(f"No note can go. {why}", code="not_allowed_now")
    due = _by_day(office, max(at, now()))
    facts: dict[str, Any] = {"paragraphs": lines, "signed_by": signed_by, "office": office}
    rule = BY_DAY.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    window = {"office": office, "rule": rule}
    # Who rests gets it after the rest.
    useful_until = catalogue()[TEMPLATE].meta.useful_until(max(due, paused_until(session, person_id) or due))
    note = post(
        session, person_id, TEMPLATE, cause=CAUSE, facts=facts, actor=actor, lead_id=lead_id, due_at=due, window=window,
        local_due=_local(office, due), useful_until=useful_until,
    )  # fmt: skip
    record(session, "message.written", note, actor=actor, due=due.isoformat())
    return note


def rewrite_note(session: Session, message_id: uuid.UUID, text: str, *, signed_by: str, actor: str) -> Message:
    """Give a note that still waits other words, signed by who wrote them; raises NotFound, Conflict or Invalid."""
    note, lines = _held(session, message_id), paragraphs_of(text)
    if note.template != TEMPLATE:
        raise Conflict("Only a note written by hand has words of its own; other mails come from their templates.")
    if note.state not in STOPPABLE:
        raise Conflict(f"This note cannot be changed any more: it is {note.state}.")
    note.facts = {**(note.facts or {}), "paragraphs": lines, "signed_by": signed_by}
    _put_off(note, note.due_at, actor)
    record(session, "message.rewritten", note, actor=actor)
    return note


def words_of(note: Message) -> Sequence[str]:
    """Return what a note says, line by line."""
    return list((note.facts or {}).get("paragraphs", ()))


def _put_off(message: Message, at: datetime, actor: str) -> None:
    office = (message.window or {}).get("office")
    message.due_at, message.local_due, message.moved_by = at, _local(office, at), [MOVED_BY_STAFF]
    # A higher fence tells a worker that holds the row to let it go.
    message.fence, message.lease_until, message.actor = message.fence + 1, None, actor
    message.state, message.reason, message.state_at = "planned", None, now()


def _held(session: Session, message_id: uuid.UUID) -> Message:
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound("There is no such message.")
    return message


def _by_day(office: str, at: datetime) -> datetime:
    opens = next_open(BY_DAY, clinic().office(office).calendar, at)
    if opens is None:
        words = "Choose another time."
        raise Invalid(words, errors=(FieldError("note_at", "no_time", words),))
    return opens.at


def _local(office: str | None, at: datetime) -> str:
    zone = clinic().office(office).zone
    return f"{at.astimezone(zone).isoformat(timespec='seconds')}[{zone.key}]"


def _spoken(message: Message, at: datetime) -> str:
    zone = clinic().office((message.window or {}).get("office")).zone
    return f"{at.astimezone(zone):%a %b %-d, %-I:%M %p}"
