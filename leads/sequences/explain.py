"""Says what a lead will be sent next and why, or why nothing; and of every message what became of it."""

import uuid
from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.may_email import Kind, Standings
from leads.messages.models import Message
from leads.messages.switch import stops
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.sequences.in_words import WORDS, in_words
from leads.sequences.models import Enrolment
from leads.sequences.plan import WAITS

COMING = ("planned", "claimed")
# What may be asked when nothing is planned: the mildest mail there is.
ANYTHING = Kind(topic="inquiry", lane="transactional", level=0)


@dataclass(frozen=True)
class Line:
    """One message: which, when by the office's clock, what moved it, what became of it, and why in words."""

    message_id: uuid.UUID
    template: str
    cause: str
    due_at: datetime
    local_due: str
    moved_by: tuple[str, ...]
    state: str
    reason: str | None
    why: str


@dataclass(frozen=True)
class Explanation:
    """The next message, or why there is none; where `next` stands beside `why_nothing`, it is planned but would not go now."""

    next: Line | None
    why_nothing: str | None
    lines: tuple[Line, ...]


def explain(session: Session, lead_id: uuid.UUID) -> Explanation:
    """Return what a lead will be sent next and why, or why nothing."""
    rows = session.scalars(select(Message).where(Message.lead_id == lead_id).order_by(Message.due_at, Message.id)).all()
    enrolments = session.scalars(select(Enrolment).where(Enrolment.lead_id == lead_id).order_by(Enrolment.started_at)).all()
    upcoming = _upcoming(rows)
    return Explanation(
        next=_line(upcoming) if upcoming else None,
        why_nothing=why_nothing(session, rows, enrolments, _standings(session, rows, enrolments)),
        lines=tuple(_line(row) for row in rows),
    )


def why_nothing(session: Session, rows: Several[Message], enrolments: Several[Enrolment], standings: Standings | None) -> str | None:
    """Return why a lead with these messages and enrolments, each the earliest first, is sent nothing next, or None where something goes."""
    upcoming = _upcoming(rows)
    silenced = standings.may_email(_kind_of(upcoming) if upcoming else ANYTHING) if standings and _whose(rows, enrolments) else None
    if silenced or upcoming:
        return in_words(silenced) if silenced else resting(session, upcoming.lane if upcoming else None)
    if waiting := next((row for row in rows if row.reason == WAITS), None):
        return " ".join((in_words(WAITS), *(f"It {words}." for words in waiting.moved_by if words.startswith("waits for:"))))
    ended = [each for each in enrolments if each.ended_why]
    if ended and len(ended) == len(enrolments):
        return f"The sequence {ended[-1].sequence_key} has ended: {in_words(ended[-1].ended_why or '')}"
    return in_words("all-done" if enrolments else "no-enrolment")


def _upcoming(rows: Several[Message]) -> Message | None:
    return next((row for row in rows if row.state in COMING), None)


def _line(row: Message) -> Line:
    why = in_words(row.reason) if row.reason else in_words(row.cause)
    return Line(row.id, row.template, row.cause, row.due_at, row.local_due, tuple(row.moved_by), row.state, row.reason, why)


def resting(session: Session, lane: str | None) -> str | None:
    """Return why nothing of a lane, or for None nothing at all, goes out to anybody now; None where sending goes on."""
    for stop in stops(session):
        if stop.lane is None:
            return f"All sending is paused: {stop.reason}."
        if stop.lane == lane:
            return in_words(stop.reason if stop.reason in WORDS else "lane-rests")
    return None


def _standings(session: Session, rows: Several[Message], enrolments: Several[Enrolment]) -> Standings | None:
    whose = _whose(rows, enrolments)
    person = session.get(Person, whose) if whose else None
    return Standings(session, person.id, person.email_index) if person else None


def _whose(rows: Several[Message], enrolments: Several[Enrolment]) -> uuid.UUID | None:
    return next((person_id for person_id in (*(each.person_id for each in enrolments), *(row.person_id for row in rows))), None)


def _kind_of(row: Message) -> Kind:
    return Kind(row.topic, row.lane, row.level, answers=catalogue()[row.template].meta.to_unconfirmed)
