"""What a list shows of a lead: read for all its rows in one question, and of each record only what is shown."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ARRAY, Uuid, any_, bindparam, case, select, true
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.people.models import Person, listed_name
from leads.pipeline.models import Lead, Standing, number
from leads.round_trips import Statement, together
from leads.todos.models import Todo
from leads.todos.open import OWN

URGENT = frozenset(("call-now", "to-review", "phone-instead", "unknown", "to-verify", "today"))
CALL_SOON = timedelta(hours=4)
IDS = bindparam("ids", type_=ARRAY(Uuid()))


class Row(NamedTuple):
    """One lead and what it needs next: whose, what, by when; `late` once that moment has passed."""

    id: uuid.UUID
    person_id: uuid.UUID
    number: str
    version: int
    stage: str
    office: str
    outcome: str | None
    assigned_to: uuid.UUID | None
    name: str
    has_email: bool
    need: str
    due: datetime
    held: bool
    confirmed: bool
    todo: str | None
    # The words of a to-do of one's own, and whose it is.
    words: str | None = None
    todo_for: uuid.UUID | None = None

    @property
    def late(self) -> bool:
        """True when it should have been done by now; what is urgent is always due, and says since when instead."""
        return self.need in URGENT and self.due < now()


class Found(NamedTuple):
    """A lead as a list found it: what it needs there, and when that is due."""

    id: uuid.UUID
    need: str
    due: datetime


def end_of_today() -> datetime:
    """Return when this day ends at the default office."""
    zone = clinic().office(None).zone
    tomorrow = now().astimezone(zone).date() + timedelta(days=1)
    return local_to_utc(tomorrow, time(), zone)


def rows_of(session: Session, found: Iterable[Found]) -> list[Row]:
    """Return what is shown of leads that a list found, in its order; one that has gone since is left out."""
    listed = list(found)
    told = _told(session, [each.id for each in listed])
    return [_row(told[each.id], each.need, each.due) for each in listed if each.id in told]


def rows_now(session: Session, ids: Collection[uuid.UUID]) -> list[Row]:
    """Return what these leads need now, in their order; a closed one without anything urgent needs nothing."""
    told, soon, day_ends = _told(session, ids), now() + CALL_SOON, end_of_today()
    return [_row(told[each], *_need_now(told[each], soon, day_ends)) for each in ids if each in told]


def _told(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, "_Told"]:
    if not ids:
        return {}
    (found,) = together(session, (_telling(), {"ids": list(ids)}))
    return {each.id: each for each in map(_Told._make, found)}


class _Told(NamedTuple):
    """The columns of `_telling`, in their order."""

    id: uuid.UUID
    person_id: uuid.UUID
    serial: int
    version: int
    stage: str
    office: str
    outcome: str | None
    assigned_to: uuid.UUID | None
    opened_at: datetime
    closed_at: datetime | None
    given_name: bytes | None
    family_name: bytes | None
    is_restricted: bool
    has_email: bool
    need: str | None
    call_at: datetime | None
    act_at: datetime | None
    due_at: datetime | None
    held: bool | None
    confirmed: bool | None
    todo: str | None
    todo_id: uuid.UUID | None
    todo_for: uuid.UUID | None
    own_words: bytes | None


@lru_cache
def _telling() -> Statement:
    # Only a colleague's own words are shown in a list: what other notes tell is for the lead's page.
    own = case((Todo.kind == OWN, Todo.__table__.c.note))
    todo = (
        select(Todo.kind, Todo.id, Todo.for_account, own.label("own_words"))
        .where(Todo.lead_id == Lead.id, Todo.done_at.is_(None))
        .order_by(Todo.urgent.desc(), Todo.due_at)
        .limit(1)
        .lateral()
    )
    of_lead = (Lead.serial, Lead.version, Lead.stage, Lead.office, Lead.outcome, Lead.assigned_to, Lead.opened_at, Lead.closed_at)
    cells = Person.__table__.c
    of_person = (cells.given_name, cells.family_name, cells.restricted_at.is_not(None), cells.email.is_not(None))
    standing = (Standing.need, Standing.call_at, Standing.act_at, Standing.due_at, Standing.held, Standing.confirmed)
    return Statement.of(
        select(Lead.id, Lead.person_id, *of_lead, *of_person, *standing, *todo.c)
        .join(Person, Person.id == Lead.person_id)
        .outerjoin(Standing, Standing.id == Lead.id)
        .outerjoin(todo, true())
        .where(Lead.id == any_(IDS))
    )


def _row(told: _Told, need: str, due: datetime) -> Row:
    name = listed_name(told.person_id, told.given_name, told.family_name, is_restricted=told.is_restricted)
    return Row(
        told.id,
        told.person_id,
        number(told.serial),
        told.version,
        told.stage,
        told.office,
        told.outcome,
        told.assigned_to,
        name,
        told.has_email,
        need,
        due,
        bool(told.held),
        told.confirmed is not False,
        told.todo,
        None if told.is_restricted or told.todo_id is None else Todo.note.opened(told.own_words, told.todo_id),
        told.todo_for,
    )


def _need_now(told: _Told, soon: datetime, day_ends: datetime) -> tuple[str, datetime]:
    """Return what the lists say of one lead: its need, and when that is due."""
    if told.need is None or told.due_at is None or (told.closed_at and told.need != "safety"):
        return "closed", told.closed_at or told.opened_at
    if told.call_at is not None and told.call_at <= soon:
        return "call-now", told.call_at
    if told.act_at is not None and told.act_at <= day_ends:
        return "today", told.act_at
    return told.need, told.due_at
