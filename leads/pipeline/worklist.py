"""The leads by what is needed next: who is in danger, whom to call now, what is due today, who waits for whom."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
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
from leads.round_trips import Statement, together
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
# The moments that decide which list a lead stands in, and where a page begins; given anew each time a list is read.
SOON, DAY_ENDS, AFTER_DUE = (bindparam(name, type_=DateTime(timezone=True)) for name in ("soon", "day_ends", "after_due"))
AFTER_ID = bindparam("after_id", type_=Uuid())


@dataclass(frozen=True)
class Filters:
    """Which leads: of an office, at a stage, from a source, of one member of staff or of nobody."""

    office: str | None = None
    stage: str | None = None
    assigned_to: uuid.UUID | None = None
    source: str | None = None
    nobodys: bool = False

    @property
    def given(self) -> tuple[str, ...]:
        """Which of them narrow the list."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name))


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
    (counted,) = together(session, (_counting(filters.given, COUNTED + 1), _asked(filters)))
    return {need: count for need, count in counted if count}


def first_of_each(session: Session, filters: Filters, *, limit: int) -> Mapping[str, Sequence[Row]]:
    """Return the most pressing leads under each need, `limit` of each."""
    (found,) = together(session, (_paging(NEEDS, filters.given, limit), _asked(filters)))
    rows = _rows(session, [Found(*each) for each in found])
    return {need: sorted((row for row in rows if row.need == need), key=lambda row: (row.due, row.lead.id)) for need in NEEDS}


def page_of(session: Session, need: str, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` leads of one need, the most pressing first, behind a place."""
    if need not in NEEDS:
        return []
    behind = {"after_due": after.due, "after_id": after.id} if after else {}
    (found,) = together(session, (_paging((need,), filters.given, limit, is_further=bool(after)), _asked(filters) | behind))
    return _rows(session, [Found(*each) for each in found])


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


class Found(NamedTuple):
    """What a list says of one lead."""

    id: uuid.UUID
    need: str
    due: datetime
    held: bool
    confirmed: bool


def _asked(filters: Filters) -> dict[str, Any]:
    """Return what a list is asked with: these filters, at this moment."""
    given = {name: getattr(filters, name) for name in filters.given if name != "nobodys"}
    return {**given, "soon": now() + CALL_SOON, "day_ends": _end_of_today()}


# Each is made once: to put together what twelve lists ask for takes five times as long as to answer it.
@lru_cache
def _counting(given: tuple[str, ...], most: int) -> Statement:
    counted: list[Select[*tuple[Any, ...]]] = []
    for need in NEEDS:
        # In no order: who stands where in the list makes it no longer.
        listed = _joined(_parts(need, given), most).limit(literal_column(str(most))).subquery()
        counted.append(select(_said(need).label("need"), func.count()).select_from(listed))
    return Statement.of(_all_of(counted))


@lru_cache
def _paging(needs: Sequence[str], given: tuple[str, ...], limit: int, *, is_further: bool = False) -> Statement:
    lists = [_together(_parts(need, given, is_further=is_further), limit) for need in needs]
    # The one list of a page is told in its order; of several, each lead says to which it belongs.
    return Statement.of(lists[0] if len(lists) == 1 else _all_of([select(each.subquery()) for each in lists]))


def _all_of(lists: Sequence[Select[*tuple[Any, ...]]]) -> Select[*tuple[Any, ...]]:
    return select(union_all(*lists).subquery())


def _together(parts: Sequence[Select[*tuple[Any, ...]]], limit: int) -> Select[*tuple[Any, ...]]:
    both = _joined(parts, limit).subquery()
    return select(both).order_by(both.c.due, both.c.id).limit(literal_column(str(limit)))


def _joined(parts: Sequence[Select[*tuple[Any, ...]]], limit: int) -> Select[*tuple[Any, ...]]:
    # A number that the planner sees: for one it does not know it would sort what the index has in order.
    return _all_of([select(part.limit(literal_column(str(limit))).subquery()) for part in parts])


def _said(need: str) -> ColumnElement[str]:
    # One of our own words, so that the planner sees which part of the index is meant.
    return literal_column(f"'{need}'", String())


def _parts(need: str, given: tuple[str, ...], *, is_further: bool = False) -> list[Select[*tuple[Any, ...]]]:
    """Return the parts of a list, each in the order of one index, so that none is read further than it is shown."""
    can_wait = or_(Standing.call_at.is_(None), Standing.call_at > SOON)

    def part(due: Any, *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        behind = [tuple_(due, Standing.id) > tuple_(AFTER_DUE, AFTER_ID)] if is_further else []
        columns = (Standing.id, _said(need).label("need"), due.label("due"), Standing.held, Standing.confirmed)
        return select(*columns).where(*conditions, *behind, *_narrowed(given)).order_by(due, Standing.id)

    if need == "call-now":
        return [part(Standing.call_at, Standing.call_at <= SOON)]
    if need == "today":
        by_call = and_(
            Standing.call_at > SOON, Standing.call_at <= DAY_ENDS, Standing.act_at <= DAY_ENDS, Standing.act_at >= Standing.call_at
        )
        by_todo = and_(Standing.act_at <= DAY_ENDS, or_(Standing.call_at.is_(None), Standing.act_at < Standing.call_at), can_wait)
        return [part(Standing.act_at, each) for each in (by_call, by_todo)]
    return [part(Standing.due_at, Standing.need == _said(need), each) for each in _idle_and_running(need, can_wait)]


def _idle_and_running(need: str, can_wait: ColumnElement[bool]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    idle = and_(Standing.call_at.is_(None), Standing.act_at.is_(None))
    not_today = or_(Standing.act_at.is_(None), Standing.act_at > DAY_ENDS)
    # Says nothing new, but says it of the column by which the index is ordered: what is overdue need not be read to be passed over.
    later = [Standing.due_at > DAY_ENDS] if need in ("new", "to-confirm", "for-patient", "under-way") else []
    return idle, and_(not_today, can_wait, or_(Standing.call_at.is_not(None), Standing.act_at.is_not(None)), *later)


def _narrowed(given: tuple[str, ...]) -> list[ColumnElement[bool]]:
    columns: dict[str, Any] = {name: getattr(Standing, name) for name in given if name != "nobodys"}
    nobodys: list[ColumnElement[bool]] = [Standing.assigned_to.is_(None)] if "nobodys" in given else []
    return [column == bindparam(name, type_=column.type) for name, column in columns.items()] + nobodys


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


def _rows(session: Session, found: Sequence[Found]) -> list[Row]:
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
