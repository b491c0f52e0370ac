"""The leads by what is needed next: who is in danger, whom to call now, what is due today, who waits for whom."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from sqlalchemy import func, select, tuple_, union
from sqlalchemy.orm import Session

from leads.clock import now
from leads.pipeline.listed import CALL_SOON, Found, Row, end_of_today, rows_now, rows_of
from leads.pipeline.lists import IS_OPEN, NEEDS, Need, counting, counting_at, narrowed, paging, standing_at
from leads.pipeline.models import Lead, Standing
from leads.round_trips import together
from leads.todos.models import Todo

CANNOT_WAIT = ("safety", "call-now")
# Beyond this a list is "999+": what the exact number would be changes nothing, and counting it takes the longer the more there are.
COUNTED = 999
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
    (counted,) = together(session, (counting(filters.given, COUNTED + 1), _asked(filters)))
    return {need: count for need, count in counted if count}


def first_of_each(session: Session, filters: Filters, *, limit: int, most: int | None = None) -> Mapping[str, Sequence[Row]]:
    """Return the most pressing leads under each need, `limit` of each, and no more than `most` in all (see `_fewer`)."""
    (found,) = together(session, (paging(NEEDS, filters.given, limit), _asked(filters)))
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
    (found,) = together(session, (paging((need,), filters.given, limit, is_further=bool(after)), _asked(filters) | behind))
    return rows_of(session, (Found(*each) for each in found))


def first_at_stages(session: Session, stages: tuple[str, ...], filters: Filters, *, limit: int) -> Mapping[str, Sequence[Row]]:
    """Return the open leads at each of these stages: who is in danger, then who has waited longest, `limit` of each."""
    (found,) = together(session, (standing_at(stages, filters.given, limit), _chosen_by(filters)))
    rows = rows_now(session, [lead_id for *_, lead_id in sorted(found)])
    return {stage: [row for row in rows if row.stage == stage] for stage in stages}


def count_at_stages(session: Session, stages: tuple[str, ...], filters: Filters) -> Mapping[str, int]:
    """Return how many open leads stand at each of these stages; one more than COUNTED stands for any larger number."""
    (counted,) = together(session, (counting_at(stages, filters.given, COUNTED + 1), _chosen_by(filters)))
    return dict(counted)


def closed(session: Session, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` closed leads, the newest closure first, behind a place."""
    wanted = select(Lead.id, Lead.closed_at).where(Lead.closed_at.is_not(None), *narrowed(filters.given, Lead))
    if after is not None:
        wanted = wanted.where(tuple_(Lead.closed_at, Lead.id) < tuple_(after.due, after.id))
    found = session.execute(wanted.order_by(Lead.closed_at.desc(), Lead.id.desc()).limit(limit), _chosen_by(filters))
    return rows_of(session, [Found(lead_id, "closed", at) for lead_id, at in found if at])


def waitlisted(session: Session, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` leads on the waitlist, who has waited longest first, behind a place; due is since when they wait."""
    since, chosen = (Todo.opened_at, Lead.id), narrowed(filters.given, Lead)
    wanted = select(Lead.id, Todo.opened_at).join(Todo, Todo.lead_id == Lead.id).where(*IS_WAITLISTED, Lead.closed_at.is_(None), *chosen)
    if after is not None:
        wanted = wanted.where(tuple_(*since) > tuple_(after.due, after.id))
    found = session.execute(wanted.order_by(*since).limit(limit), _chosen_by(filters))
    return rows_of(session, [Found(lead_id, "waitlist", at) for lead_id, at in found])


def count_waitlisted(session: Session, filters: Filters) -> int:
    """Return how many of the leads chosen are on the waitlist; one more than COUNTED stands for any larger number."""
    # Of what stands, as the lists are: a lead itself is found by none of what narrows them.
    wanted = select(Standing.id).join(Todo, Todo.lead_id == Standing.id)
    waits = wanted.where(*IS_WAITLISTED, Standing.stage != "closed", *narrowed(filters.given)).limit(COUNTED + 1)
    return session.execute(select(func.count()).select_from(waits.subquery()), _chosen_by(filters)).scalar_one()


def count_of(session: Session, accounts: Collection[uuid.UUID], filters: Filters | None = None) -> Mapping[uuid.UUID, int]:
    """Return how many open leads are each of these accounts' own, or have a to-do of theirs; among those chosen, whoever's they are."""
    chosen = anybodys(filters or Filters())
    theirs = select(Standing.assigned_to.label("account"), Standing.id).where(Standing.assigned_to.in_(accounts), *narrowed(chosen.given))
    asked = select(Todo.for_account, Standing.id).join(Standing, Standing.id == Todo.lead_id).where(Todo.for_account.in_(accounts), IS_OPEN)
    both = union(theirs, asked.where(*narrowed(chosen.given))).subquery()
    counted = select(both.c.account, func.count()).group_by(both.c.account)
    return {account: count for account, count in session.execute(counted, _chosen_by(chosen)) if account}


def anybodys(filters: Filters) -> Filters:
    """Return the filters without whose the leads are."""
    return replace(filters, assigned_to=None, nobodys=False)


def of_leads(session: Session, ids: Collection[uuid.UUID]) -> Sequence[Row]:
    """Return what these leads need next: who is in danger first, else in their order; a closed one mostly needs nothing."""
    return sorted(rows_now(session, ids), key=lambda row: row.need != "safety")


def _asked(filters: Filters) -> dict[str, Any]:
    """Return what a list is asked with: these filters, at this moment."""
    return {**_chosen_by(filters), "soon": now() + CALL_SOON, "day_ends": end_of_today()}


def _chosen_by(filters: Filters) -> dict[str, Any]:
    return {name: getattr(filters, name) for name in filters.given if name != "nobodys"}
