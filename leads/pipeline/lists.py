"""What the lists of leads ask of the database: each is read in the order of an index, and no further than it is shown."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

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
    union_all,
)
from sqlalchemy.orm import aliased

from leads.pipeline.models import Standing
from leads.round_trips import Statement
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
# The moments that decide which list a lead stands in, and where a page begins; given anew each time a list is read.
SOON, DAY_ENDS, AFTER_DUE = (bindparam(name, type_=DateTime(timezone=True)) for name in ("soon", "day_ends", "after_due"))
AFTER_ID = bindparam("after_id", type_=Uuid())
IS_OPEN = Todo.done_at.is_(None)
SAFETY = literal_column("'safety'", String())


# Each is made once: to put together what twelve lists ask for takes five times as long as to answer it.
@lru_cache
def counting(given: tuple[str, ...], most: int) -> Statement:
    """Return what counts the leads under each need, no further than `most`."""
    counted: list[Select[*tuple[Any, ...]]] = []
    chosen = _chosen(given)
    for need in NEEDS:
        # In no order: who stands where in the list makes it no longer.
        listed = _joined(_parts(need, chosen), most).limit(_number(most)).subquery()
        counted.append(select(_said(need).label("need"), func.count()).select_from(listed))
    return Statement.of(_all_of(counted))


@lru_cache
def paging(needs: Sequence[str], given: tuple[str, ...], limit: int, *, is_further: bool = False) -> Statement:
    """Return what reads the first of each of these lists; `is_further`, behind a place."""
    chosen = _chosen(given)
    lists = [_together(_parts(need, chosen, is_further=is_further), limit) for need in needs]
    # The one list of a page is told in its order; of several, each lead says to which it belongs.
    return Statement.of(lists[0] if len(lists) == 1 else _all_of([select(each.subquery()) for each in lists]))


@lru_cache
def standing_at(stages: tuple[str, ...], given: tuple[str, ...], limit: int) -> Statement:
    """Return what reads the first leads at each of these stages: in danger, then waiting longest."""
    chosen, lists = _chosen(given), []
    for stage in stages:
        # Each of the two is read in the order of an index: the few in danger by need, all others by stage.
        both = [_in_order(stage, chosen, limit, place, danger) for place, danger in enumerate((True, False))]
        either = _all_of([select(each.subquery()) for each in both]).subquery()
        lists.append(select(either).order_by(either.c.place, either.c.due_at, either.c.id).limit(_number(limit)))
    return Statement.of(_all_of([select(each.subquery()) for each in lists]))


@lru_cache
def counting_at(stages: tuple[str, ...], given: tuple[str, ...], most: int) -> Statement:
    """Return what counts the leads at each of these stages, no further than `most`."""
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
        return _Chosen(Standing, narrowed(given))
    # One member of staff has some dozens of leads, wherever they stand: read once, rather than looked for in each of the lists.
    return _Chosen(aliased(Standing, select(Standing).where(*narrowed(given)).cte("theirs")), ())


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


def narrowed(given: tuple[str, ...], of: Any = Standing) -> list[ColumnElement[bool]]:
    """Return the conditions that narrow a list of `of` by these filters."""
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
