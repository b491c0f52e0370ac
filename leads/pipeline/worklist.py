"""The leads by what is needed next: who is in danger, whom to call now, what is due today, who waits for whom."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal, NamedTuple, cast, get_args

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from leads.clock import now
from leads.pipeline.listed import CALL_SOON, Found, Row, end_of_today, rows_now, rows_of
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
CANNOT_WAIT = ("safety", "call-now")
# Beyond this a list is "999+": what the exact number would be changes nothing, and counting it takes the longer the more there are.
COUNTED = 999
# The moments that decide which list a lead stands in, and where a page begins; given anew each time a list is read.
SOON, DAY_ENDS, AFTER_DUE = (bindparam(name, type_=DateTime(timezone=True)) for name in ("soon", "day_ends", "after_due"))
AFTER_ID = bindparam("after_id", type_=Uuid())
IS_OPEN = Todo.done_at.is_(None)
SAFETY = literal_column("'safety'", String())
IS_WAITLISTED = (Todo.kind == "look-again", Todo.done_at.is_(None))


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


def first_of_each(session: Session, filters: Filters, *, limit: int, most: int | None = None) -> Mapping[str, Sequence[Row]]:
    """Return the most pressing leads under each need, `limit` of each, and no more than `most` in all (see `_fewer`)."""
    (found,) = together(session, (_paging(NEEDS, filters.given, limit), _asked(filters)))
    listed = [Found(*each) for each in found]
    rows = rows_of(session, listed if most is None else _fewer(listed, most))
    return {need: sorted((row for row in rows if row.need == need), key=lambda row: (row.due, row.id)) for need in NEEDS}


def _fewer(found: Iterable[Found], most: int) -> Sequence[Found]:
    """Return no more than `most`: those who cannot wait, then the first of each list, the second of each, and so on."""
    ordered = sorted(found, key=lambda each: (NEEDS.index(cast(Need, each.need)), each.due, each.id))
    placed = [(place, each) for _, its in groupby(ordered, key=lambda each: each.need) for place, each in enumerate(its)]
    placed.sort(key=lambda each: 0 if each[1].need in CANNOT_WAIT else each[0])
    return [each for _, each in placed[:most]]


def page_of(session: Session, need: str, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` leads of one need, the most pressing first, behind a place."""
    if need not in NEEDS:
        return []
    behind = {"after_due": after.due, "after_id": after.id} if after else {}
    (found,) = together(session, (_paging((need,), filters.given, limit, is_further=bool(after)), _asked(filters) | behind))
    return rows_of(session, (Found(*each) for each in found))


def first_at_stages(session: Session, stages: tuple[str, ...], filters: Filters, *, limit: int) -> Mapping[str, Sequence[Row]]:
    """Return the open leads at each of these stages: who is in danger, then who has waited longest, `limit` of each."""
    (found,) = together(session, (_standing_at(stages, filters.given, limit), _chosen_by(filters)))
    rows = rows_now(session, [lead_id for *_, lead_id in sorted(found)])
    return {stage: [row for row in rows if row.stage == stage] for stage in stages}


def count_at_stages(session: Session, stages: tuple[str, ...], filters: Filters) -> Mapping[str, int]:
    """Return how many open leads stand at each of these stages; one more than COUNTED stands for any larger number."""
    (counted,) = together(session, (_counting_at(stages, filters.given, COUNTED + 1), _chosen_by(filters)))
    return dict(counted)


def closed(session: Session, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` closed leads, the newest closure first, behind a place."""
    wanted = select(Lead.id, Lead.closed_at).where(Lead.closed_at.is_not(None), *_narrowed(filters.given, Lead))
    if after is not None:
        wanted = wanted.where(tuple_(Lead.closed_at, Lead.id) < tuple_(after.due, after.id))
    found = session.execute(wanted.order_by(Lead.closed_at.desc(), Lead.id.desc()).limit(limit), _chosen_by(filters))
    return rows_of(session, [Found(lead_id, "closed", at) for lead_id, at in found if at])


def waitlisted(session: Session, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` leads on the waitlist, who has waited longest first, behind a place; due is since when they wait."""
    since, narrowed = (Todo.opened_at, Lead.id), _narrowed(filters.given, Lead)
    wanted = select(Lead.id, Todo.opened_at).join(Todo, Todo.lead_id == Lead.id).where(*IS_WAITLISTED, Lead.closed_at.is_(None), *narrowed)
    if after is not None:
        wanted = wanted.where(tuple_(*since) > tuple_(after.due, after.id))
    found = session.execute(wanted.order_by(*since).limit(limit), _chosen_by(filters))
    return rows_of(session, [Found(lead_id, "waitlist", at) for lead_id, at in found])


def count_waitlisted(session: Session, filters: Filters) -> int:
    """Return how many of the leads chosen are on the waitlist; one more than COUNTED stands for any larger number."""
    # Of what stands, as the lists are: a lead itself is found by none of what narrows them.
    wanted = select(Standing.id).join(Todo, Todo.lead_id == Standing.id)
    waits = wanted.where(*IS_WAITLISTED, Standing.stage != "closed", *_narrowed(filters.given)).limit(COUNTED + 1)
    return session.execute(select(func.count()).select_from(waits.subquery()), _chosen_by(filters)).scalar_one()


def count_of(session: Session, accounts: Collection[uuid.UUID], filters: Filters | None = None) -> Mapping[uuid.UUID, int]:
    """Return how many open leads are each of these accounts' own, or have a to-do of theirs; among those chosen, whoever's they are."""
    chosen = anybodys(filters or Filters())
    theirs = select(Standing.assigned_to.label("account"), Standing.id).where(Standing.assigned_to.in_(accounts), *_narrowed(chosen.given))
    asked = select(Todo.for_account, Standing.id).join(Standing, Standing.id == Todo.lead_id).where(Todo.for_account.in_(accounts), IS_OPEN)
    both = union(theirs, asked.where(*_narrowed(chosen.given))).subquery()
    counted = select(both.c.account, func.count()).group_by(both.c.account)
    return {account: count for account, count in session.execute(counted, _chosen_by(chosen)) if account}


def anybodys(filters: Filters) -> Filters:
    """Return the filters without whose the leads are."""
    return replace(filters, assigned_to=None, nobodys=False)


def of_leads(session: Session, leads: Sequence[Lead]) -> Sequence[Row]:
    """Return what these leads need next: who is in danger first, else in their order; a closed one mostly needs nothing."""
    return sorted(rows_now(session, [lead.id for lead in leads]), key=lambda row: row.need != "safety")


def _asked(filters: Filters) -> dict[str, Any]:
    """Return what a list is asked with: these filters, at this moment."""
    return {**_chosen_by(filters), "soon": now() + CALL_SOON, "day_ends": end_of_today()}


def _chosen_by(filters: Filters) -> dict[str, Any]:
    return {name: getattr(filters, name) for name in filters.given if name != "nobodys"}


# Each is made once: to put together what twelve lists ask for takes five times as long as to answer it.
@lru_cache
def _counting(given: tuple[str, ...], most: int) -> Statement:
    counted: list[Select[*tuple[Any, ...]]] = []
    chosen = _chosen(given)
    for need in NEEDS:
        # In no order: who stands where in the list makes it no longer.
        listed = _joined(_parts(need, chosen), most).limit(_number(most)).subquery()
        counted.append(select(_said(need).label("need"), func.count()).select_from(listed))
    return Statement.of(_all_of(counted))


@lru_cache
def _paging(needs: Sequence[str], given: tuple[str, ...], limit: int, *, is_further: bool = False) -> Statement:
    chosen = _chosen(given)
    lists = [_together(_parts(need, chosen, is_further=is_further), limit) for need in needs]
    # The one list of a page is told in its order; of several, each lead says to which it belongs.
    return Statement.of(lists[0] if len(lists) == 1 else _all_of([select(each.subquery()) for each in lists]))


@lru_cache
def _standing_at(stages: tuple[str, ...], given: tuple[str, ...], limit: int) -> Statement:
    chosen, lists = _chosen(given), []
    for stage in stages:
        # Each of the two is read in the order of an index: the few in danger by need, all others by stage.
        both = [_in_order(stage, chosen, limit, place, danger) for place, danger in enumerate((True, False))]
        either = _all_of([select(each.subquery()) for each in both]).subquery()
        lists.append(select(either).order_by(either.c.place, either.c.due_at, either.c.id).limit(_number(limit)))
    return Statement.of(_all_of([select(each.subquery()) for each in lists]))


@lru_cache
def _counting_at(stages: tuple[str, ...], given: tuple[str, ...], most: int) -> Statement:
    chosen = _chosen(given)
    lists = ((stage, _at(stage, chosen, chosen.of.id).limit(_number(most)).subquery()) for stage in stages)
    return Statement.of(_all_of([select(_said(stage).label("stage"), func.count()).select_from(each) for stage, each in lists]))


def _in_order(stage: str, chosen: "_Chosen", limit: int, place: int, danger: bool) -> Select[*tuple[Any, ...]]:
    of = chosen.of
    which = of.need == SAFETY if danger else of.need != SAFETY
    columns: tuple[Any, ...] = (_said(stage).label("stage"), literal_column(str(place)).label("place"), of.due_at, of.id)
    return _at(stage, chosen, *columns).where(which).order_by(of.due_at, of.id).limit(_number(limit))


def _at(stage: str, chosen: "_Chosen", *columns: Any) -> Select[*tuple[Any, ...]]:
    return select(*columns).where(chosen.of.stage == _said(stage), *chosen.narrowed)


class _Chosen(NamedTuple):
    """What the lists of one statement are made of, and by what each is narrowed besides."""

    of: Any
    narrowed: Sequence[ColumnElement[bool]]


def _chosen(given: tuple[str, ...]) -> _Chosen:
    if "assigned_to" not in given:
        return _Chosen(Standing, _narrowed(given))
    # One member of staff has some dozens of leads, wherever they stand: read once, rather than looked for in each of the lists.
    return _Chosen(aliased(Standing, select(Standing).where(*_narrowed(given)).cte("theirs")), ())


def _all_of(lists: Sequence[Select[*tuple[Any, ...]]]) -> Select[*tuple[Any, ...]]:
    return select(union_all(*lists).subquery())


def _together(parts: Sequence[Select[*tuple[Any, ...]]], limit: int) -> Select[*tuple[Any, ...]]:
    both = _joined(parts, limit).subquery()
    return select(both).order_by(both.c.due, both.c.id).limit(_number(limit))


def _joined(parts: Sequence[Select[*tuple[Any, ...]]], limit: int) -> Select[*tuple[Any, ...]]:
    return _all_of([select(part.limit(_number(limit)).subquery()) for part in parts])


def _number(limit: int) -> ColumnElement[int]:
    # A number that the planner sees: for one it does not know it would sort what the index has in order.
    return literal_column(str(limit))


def _said(code: str) -> ColumnElement[str]:
    # One of our own words, so that the planner sees which part of the index is meant.
    return literal_column(f"'{code}'", String())


def _parts(need: str, chosen: _Chosen, *, is_further: bool = False) -> list[Select[*tuple[Any, ...]]]:
    """Return the parts of a list, each in the order of one index, so that none is read further than it is shown."""
    of = chosen.of
    can_wait = or_(of.call_at.is_(None), of.call_at > SOON)

    def part(due: Any, *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        behind = [tuple_(due, of.id) > tuple_(AFTER_DUE, AFTER_ID)] if is_further else []
        columns = (of.id, _said(need).label("need"), due.label("due"))
        return select(*columns).where(*conditions, *behind, *chosen.narrowed).order_by(due, of.id)

    if need == "call-now":
        return [part(of.call_at, of.call_at <= SOON)]
    if need == "today":
        # That it is later than soon follows from the rest, but says where in the index to begin.
        by_call = and_(of.act_at > SOON, of.act_at <= DAY_ENDS, of.act_at >= of.call_at, of.call_at > SOON)
        by_todo = and_(of.act_at <= DAY_ENDS, or_(of.call_at.is_(None), of.act_at < of.call_at), can_wait)
        return [part(of.act_at, each) for each in (by_call, by_todo)]
    return [part(of.due_at, of.need == _said(need), each) for each in _idle_and_running(of, need, can_wait)]


def _idle_and_running(of: Any, need: str, can_wait: ColumnElement[bool]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    idle = and_(of.call_at.is_(None), of.act_at.is_(None))
    not_today = or_(of.act_at.is_(None), of.act_at > DAY_ENDS)
    # Says nothing new, but says it of the column by which the index is ordered: what is overdue need not be read to be passed over.
    later = [of.due_at > DAY_ENDS] if need in ("new", "to-confirm", "for-patient", "under-way") else []
    return idle, and_(not_today, can_wait, or_(of.call_at.is_not(None), of.act_at.is_not(None)), *later)


def _narrowed(given: tuple[str, ...], of: Any = Standing) -> list[ColumnElement[bool]]:
    return [_is(name, of) for name in given]


def _is(name: str, of: Any) -> ColumnElement[bool]:
    if name == "nobodys":
        return of.assigned_to.is_(None)  # type: ignore[no-any-return]
    column = getattr(of, name)
    asked = bindparam(name, type_=column.type)
    if name != "assigned_to":
        return column == asked  # type: ignore[no-any-return]
    # Theirs is also what somebody has asked of them. As an array, so that each of the two is looked up by its index.
    own = func.array(select(Todo.lead_id).where(Todo.for_account == asked, IS_OPEN).scalar_subquery(), type_=ARRAY(Uuid()))
    return or_(column == asked, of.id == func.any(own))
