"""The leads by what is needed next: who is in danger, whom to call now, what is due today, who waits for whom."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.consent.models import Confirmation, Hold
from leads.loop.models import Referral
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.providers.models import Claim
from leads.todos.models import Todo

Need = Literal["safety", "call-now", "to-review", "to-verify", "for-referrer", "today", "new", "to-confirm", "under-way"]
NEEDS: tuple[Need, ...] = get_args(Need)
CALL_SOON = timedelta(hours=4)


@dataclass(frozen=True)
class Filters:
    """Which leads: of an office, at a stage, of one member of staff."""

    office: str | None = None
    stage: str | None = None
    assigned_to: uuid.UUID | None = None


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
        return self.need in ("call-now", "to-review", "to-verify", "today") and self.due < now()


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
            return cls(datetime.fromisoformat(due), uuid.UUID(lead_id))
        except ValueError:
            return None


def count_by_need(session: Session, filters: Filters) -> Mapping[str, int]:
    """Return how many open leads stand under each need."""
    needs = _needs(filters).subquery()
    return dict(session.execute(select(needs.c.need, func.count()).group_by(needs.c.need)).all())


def first_of_each(session: Session, filters: Filters, *, limit: int) -> Mapping[str, Sequence[Row]]:
    """Return the most pressing leads under each need, `limit` of each."""
    needs = _needs(filters).subquery()
    rank = func.row_number().over(partition_by=needs.c.need, order_by=(needs.c.due, needs.c.id)).label("rank")
    ranked = select(needs, rank).subquery()
    found = _rows(session, select(ranked).where(ranked.c.rank <= limit).order_by(ranked.c.due, ranked.c.id))
    return {need: [row for row in found if row.need == need] for need in NEEDS}


def page_of(session: Session, need: str, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` leads of one need, the most pressing first, behind a place."""
    needs = _needs(filters).subquery()
    wanted = select(needs).where(needs.c.need == need)
    if after is not None:
        wanted = wanted.where(tuple_(needs.c.due, needs.c.id) > tuple_(after.due, after.id))
    return _rows(session, wanted.order_by(needs.c.due, needs.c.id).limit(limit))


def closed(session: Session, filters: Filters, *, after: Place | None, limit: int) -> Sequence[Row]:
    """Return up to `limit` closed leads, the newest closure first, behind a place."""
    wanted = select(Lead, Person).join(Person, Lead.person_id == Person.id).where(Lead.closed_at.is_not(None), *_chosen(filters))
    if after is not None:
        wanted = wanted.where(tuple_(Lead.closed_at, Lead.id) < tuple_(after.due, after.id))
    found = session.execute(wanted.order_by(Lead.closed_at.desc(), Lead.id.desc()).limit(limit))
    return [Row(lead, person, "closed", lead.closed_at or lead.opened_at, held=False, confirmed=True) for lead, person in found]


def of_leads(session: Session, leads: Sequence[Lead]) -> Sequence[Row]:
    """Return what these leads need next, in their order; a closed one without anything urgent needs nothing."""
    needs = _standing().where(Lead.id.in_([lead.id for lead in leads])).subquery()
    rows = {row.lead.id: row for row in _rows(session, select(needs))}
    return [_at_rest(rows[lead.id]) for lead in leads]


def _at_rest(row: Row) -> Row:
    closed_at = row.lead.closed_at
    return replace(row, need="closed", due=closed_at) if closed_at and row.need != "safety" else row


def _needs(filters: Filters) -> Select[Any]:
    outlives = exists().where(Todo.lead_id == Lead.id, or_(Todo.urgent, Todo.kind == "tell-referrer"), Todo.done_at.is_(None))
    # A lead may be closed over an urgent to-do, or before its referrer has heard; it stays in sight until somebody has done it.
    return _standing().where(or_(Lead.closed_at.is_(None), outlives), *_chosen(filters))


def _standing() -> Select[Any]:
    of_lead = and_(Todo.lead_id == Lead.id, Todo.done_at.is_(None))
    urgent = and_(Todo.person_id == Lead.person_id, Todo.urgent, Todo.done_at.is_(None))
    held = exists().where(Hold.person_id == Lead.person_id, Hold.released_at.is_(None))
    raised = _earliest(Hold.raised_at, Hold.person_id == Lead.person_id, Hold.released_at.is_(None))
    call = func.coalesce(_earliest(Todo.due_at, of_lead, Todo.kind == "call"), case((Lead.reached_at.is_(None), Lead.expected_by)))
    todo, in_danger = _earliest(Todo.due_at, of_lead), _earliest(Todo.due_at, urgent)
    waits = _earliest(Referral.their_promise, Referral.lead_id == Lead.id, Referral.state == "needs_information")
    confirmed = exists().where(Confirmation.person_id == Person.id, Confirmation.address_index == Person.email_index)
    need = case(
        (or_(held, exists().where(urgent)), "safety"),
        (call <= now() + CALL_SOON, "call-now"),
        (exists().where(of_lead, Todo.kind == "review-screening"), "to-review"),
        (_has_stranger(), "to-verify"),
        (and_(waits.is_not(None), func.coalesce(todo > _end_of_today(), True)), "for-referrer"),
        (or_(todo <= _end_of_today(), call <= _end_of_today()), "today"),
        (Lead.stage == "new", "new"),
        (and_(Person.email_index.is_not(None), ~confirmed), "to-confirm"),
        else_="under-way",
    )
    due = case(
        (need == "safety", func.coalesce(in_danger, raised)),
        (need.in_(("call-now", "new")), call),
        (need == "for-referrer", waits),
        else_=func.coalesce(func.least(todo, call), Lead.opened_at),
    )
    return (
        select(
            Lead.id, need.label("need"), func.coalesce(due, Lead.expected_by).label("due"), held.label("held"), confirmed.label("confirmed")
        )
        .join(Person, Lead.person_id == Person.id)
        .select_from(Lead)
    )


def _has_stranger() -> ColumnElement[bool]:
    unsettled = (Claim.id == Referral.claim_id, Claim.verified_at.is_(None), Claim.refused_at.is_(None))
    return exists().where(Referral.lead_id == Lead.id, Referral.closed_at.is_(None), *unsettled)


def _rows(session: Session, wanted: Select[Any]) -> list[Row]:
    found = session.execute(wanted).all()
    ids = [each.id for each in found]
    pairs = session.execute(select(Lead, Person).join(Person, Lead.person_id == Person.id).where(Lead.id.in_(ids)))
    by_id = {lead.id: (lead, person) for lead, person in pairs}
    todos = _next_todos(session, ids)
    return [Row(*by_id[each.id], each.need, each.due, each.held, each.confirmed, todos.get(each.id)) for each in found]


def _next_todos(session: Session, ids: list[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    first = (
        select(Todo.lead_id, Todo.kind)
        .where(Todo.lead_id.in_(ids), Todo.done_at.is_(None))
        .order_by(Todo.lead_id, Todo.urgent.desc(), Todo.due_at)
        .ext(distinct_on(Todo.lead_id))
    )
    return dict(session.execute(first).all())


def _earliest(column: Any, *conditions: ColumnElement[bool]) -> Any:
    return select(func.min(column)).where(*conditions).correlate(Lead).scalar_subquery()


def _chosen(filters: Filters) -> list[ColumnElement[bool]]:
    chosen = []
    if filters.office:
        chosen.append(Lead.office == filters.office)
    if filters.stage:
        chosen.append(Lead.stage == filters.stage)
    if filters.assigned_to:
        chosen.append(Lead.assigned_to == filters.assigned_to)
    return chosen


def _end_of_today() -> datetime:
    zone = clinic().office(None).zone
    tomorrow = now().astimezone(zone).date() + timedelta(days=1)
    return local_to_utc(tomorrow, time(), zone)
