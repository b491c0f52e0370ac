"""The leads by what is needed next: who is in danger, whom to call now, what is due today, who waits for whom."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.people.models import Person
from leads.pipeline.models import Lead, Standing
from leads.todos.models import Todo

Need = Literal[
    "safety",
    "call-now",
    "to-review",
    "phone-instead",
    "unknown",
    "to-verify",
    "today",
    "new",
    "to-confirm",
    "for-patient",
    "for-referrer",
    "under-way",
]
NEEDS: tuple[Need, ...] = get_args(Need)
URGENT = ("call-now", "to-review", "phone-instead", "unknown", "to-verify", "today")
CALL_SOON = timedelta(hours=4)
# Beyond this a list is "999+": what the exact number would be changes nothing, and counting it takes the longer the more there are.
COUNTED = 999


@dataclass(frozen=True)
class Filters:
    """Which leads: of an office, at a stage, from a source, of one member of staff or of nobody."""

    office: str | None = None
    stage: str | None = None
    assigned_to: uuid.UUID | None = None
    source: str | None = None
    nobodys: bool = False


@dataclass(frozen=True)
class Row:
    """One lead and what it needs next: whose, what, by when; `late` once that moment has passed."""

    lead: Lead
    person: Person
    need: str
    due: datetime
    held: bool
    confirmed: bool
    todo: str | None = None

    @property
    def late(self) -> bool:
        """True when it should have been done by now; what is urgent is always due, and says since when instead."""
        return self.need in URGENT and self.due < now()


@dataclass(frozen=True)
class Place:
    """Where a page of the list ended: the next one begins behind it."""

    due: datetime
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.due.isoformat()}~{self.id}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Return the place a link names, or None where it names none."""
        due, _, lead_id = text.partition("~")
        try:
            moment = datetime.fromisoformat(due)
            return cls(moment, uuid.UUID(lead_id)) if moment.tzinfo else None
        except ValueError:
            return None


def count_by_need(session: Session, filters: Filters) -> Mapping[str, int]:
    """Return how many open leads stand under each need; one more than COUNTED stands for any larger number."""
    counted = [
        select(literal(need).label("need"), func.count().label("count")).select_from(
            _together(_parts(need, filters), COUNTED + 1).limit(COUNTED + 1).subquery()
        )
        for need in NEEDS
    ]
    return {need: count for need, count in session.execute(union_all(*counted)).all() if count}


def first_of_each(session: Session, filters: Filters, *, limit: int) -> Mapping[str, Sequence[Row]]:
    """Return the most pressing leads under each need, `limit` of each."""
    each = [select(_page(need, filters, after=None, limit=limit).subquery()) for need in NEEDS]
    found = _rows(session, union_all(*each))
    return {need: sorted((row for row in found if row.need == need), key=lambda row: (row.due, row.lead.id)) for need in NEEDS}


def page_of(session: Session, need: str, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` leads of one need, the most pressing first, behind a place."""
    return _rows(session, _page(need, filters, after=after, limit=limit))


def at_stage(session: Session, stage: str, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` open leads of one stage, what has waited longest first, behind a place."""
    wanted = select(Standing).where(Standing.stage == stage, *_chosen(filters))
    if after is not None:
        wanted = wanted.where(tuple_(Standing.due_at, Standing.id) > tuple_(after.due, after.id))
    found = session.scalars(wanted.order_by(Standing.due_at, Standing.id).limit(limit)).all()
    return _of_standings(session, found)


def count_at_stages(session: Session, stages: Sequence[str], filters: Filters) -> Mapping[str, int]:
    """Return how many open leads stand at each of these stages; one more than COUNTED stands for any larger number."""
    counted = [
        select(literal(stage), func.count()).select_from(
            select(Standing.id).where(Standing.stage == stage, *_chosen(filters)).limit(COUNTED + 1).subquery()
        )
        for stage in stages
    ]
    return {row[0]: row[1] for row in session.execute(union_all(*counted)).all()}


def closed(session: Session, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` closed leads, the newest closure first, behind a place."""
    wanted = select(Lead, Person).join(Person, Lead.person_id == Person.id).where(Lead.closed_at.is_not(None), *_chosen(filters, Lead))
    if after is not None:
        wanted = wanted.where(tuple_(Lead.closed_at, Lead.id) < tuple_(after.due, after.id))
    found = session.execute(wanted.order_by(Lead.closed_at.desc(), Lead.id.desc()).limit(limit))
    return [_closed(lead, person) for lead, person in found]


def of_leads(session: Session, leads: Sequence[Lead]) -> Sequence[Row]:
    """Return what these leads need next, in their order; a closed one without anything urgent needs nothing."""
    standing = session.scalars(select(Standing).where(Standing.id.in_([lead.id for lead in leads]))).all()
    rows = {row.lead.id: row for row in _of_standings(session, standing)}
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_([lead.person_id for lead in leads])))}
    return [_at_rest(rows.get(lead.id), lead, people[lead.person_id]) for lead in leads]


def _at_rest(row: Row | None, lead: Lead, person: Person) -> Row:
    if row is None or (lead.closed_at and row.need != "safety"):
        return _closed(lead, person)
    return row


def _closed(lead: Lead, person: Person) -> Row:
    return Row(lead, person, "closed", lead.closed_at or lead.opened_at, held=False, confirmed=True)


def _page(need: str, filters: Filters, *, after: Place | None, limit: int) -> Select[Any]:
    both = _together(_parts(need, filters, after=after), limit).subquery()
    return select(both).order_by(both.c.due, both.c.id).limit(limit)


def _together(parts: Sequence[Select[Any]], limit: int) -> Select[Any]:
    return select(union_all(*(select(part.limit(limit).subquery()) for part in parts)).subquery())


def _parts(need: str, filters: Filters, *, after: Place | None = None) -> list[Select[Any]]:
    """Return the parts of a list, each in the order of one index, so that none is read further than it is shown."""
    soon, day_ends = now() + CALL_SOON, _end_of_today()
    can_wait = or_(Standing.call_at.is_(None), Standing.call_at > soon)
    if need == "call-now":
        return [_part(need, Standing.call_at, filters, after, Standing.call_at <= soon)]
    if need == "today":
        by_call = and_(
            Standing.call_at > soon, Standing.call_at <= day_ends, Standing.act_at <= day_ends, Standing.act_at >= Standing.call_at
        )
        by_todo = and_(Standing.act_at <= day_ends, or_(Standing.call_at.is_(None), Standing.act_at < Standing.call_at), can_wait)
        return [_part(need, Standing.act_at, filters, after, each) for each in (by_call, by_todo)]
    idle = and_(Standing.call_at.is_(None), Standing.act_at.is_(None))
    not_today = or_(Standing.act_at.is_(None), Standing.act_at > day_ends)
    running = and_(not_today, can_wait, or_(Standing.call_at.is_not(None), Standing.act_at.is_not(None)), *_later(need, day_ends))
    return [_part(need, Standing.due_at, filters, after, Standing.need == need, each) for each in (idle, running)]


def _later(need: str, day_ends: datetime) -> list[ColumnElement[bool]]:
    # Says nothing new, but says it of the column by which the index is ordered: what is overdue need not be read to be passed over.
    return [Standing.due_at > day_ends] if need in ("new", "to-confirm", "for-patient", "under-way") else []


def _part(need: str, due: Any, filters: Filters, after: Place | None, *conditions: ColumnElement[bool]) -> Select[Any]:
    behind = [tuple_(due, Standing.id) > tuple_(after.due, after.id)] if after else []
    columns = (Standing.id, literal(need).label("need"), due.label("due"), Standing.held, Standing.confirmed)
    return select(*columns).where(*conditions, *behind, *_chosen(filters)).order_by(due, Standing.id)


def _of_standings(session: Session, found: Sequence[Standing]) -> list[Row]:
    pairs = {lead.id: (lead, person) for lead, person in _leads(session, [each.id for each in found])}
    todos = _next_todos(session, list(pairs))
    return [Row(*pairs[each.id], *_need_now(each), each.held, each.confirmed, todos.get(each.id)) for each in found]


def _need_now(standing: Standing) -> tuple[str, datetime]:
    """Return what the lists say of one lead: its need, and when that is due."""
    if standing.call_at is not None and standing.call_at <= now() + CALL_SOON:
        return "call-now", standing.call_at
    if standing.act_at is not None and standing.act_at <= _end_of_today():
        return "today", standing.act_at
    return standing.need, standing.due_at


def _rows(session: Session, wanted: Select[Any] | CompoundSelect[Any]) -> list[Row]:
    found = session.execute(wanted).all()
    by_id = {lead.id: (lead, person) for lead, person in _leads(session, [each.id for each in found])}
    todos = _next_todos(session, list(by_id))
    return [Row(*by_id[each.id], each.need, each.due, each.held, each.confirmed, todos.get(each.id)) for each in found]


def _leads(session: Session, ids: Sequence[uuid.UUID]) -> Sequence[Any]:
    return session.execute(select(Lead, Person).join(Person, Lead.person_id == Person.id).where(Lead.id.in_(ids))).all()


def _next_todos(session: Session, ids: list[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    first = (
        select(Todo.lead_id, Todo.kind)
        .where(Todo.lead_id.in_(ids), Todo.done_at.is_(None))
        .order_by(Todo.lead_id, Todo.urgent.desc(), Todo.due_at)
        .ext(distinct_on(Todo.lead_id))
    )
    return dict(session.execute(first).all())


def _chosen(filters: Filters, of: Any = Standing) -> list[ColumnElement[bool]]:
    asked = (("office", filters.office), ("stage", filters.stage), ("assigned_to", filters.assigned_to), ("source", filters.source))
    nobodys = [of.assigned_to.is_(None)] if filters.nobodys else []
    return [getattr(of, name) == value for name, value in asked if value] + nobodys


def _end_of_today() -> datetime:
    zone = clinic().office(None).zone
    tomorrow = now().astimezone(zone).date() + timedelta(days=1)
    return local_to_utc(tomorrow, time(), zone)
