"""Breaking the glass: a restricted record opens for a written reason, for an hour, and the supervisors hear of it."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from leads.access.models import Opening
from leads.access.restrict import checked_reason, restriction_of
from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now, real_now
from leads.errors import Conflict, NotFound
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from leads.todos.open import finish, open_todo, reopen

LASTS = timedelta(hours=1)
TODO = "review-opening"
A_PAGE = 50


def is_open_to(session: Session, lead: Lead, person: Person, account_id: uuid.UUID) -> bool:
    """True when an account may see a record now: it is not restricted, the lead is theirs, they closed it, or gave a reason this hour."""
    if person.restricted_at is None or lead.assigned_to == account_id:
        return True
    standing = restriction_of(session, person.id)
    if standing is not None and standing.set_by == f"account:{account_id}":
        return True
    live = (Opening.person_id == person.id, Opening.account_id == account_id, Opening.until > real_now())
    return session.scalar(select(Opening.id).where(*live).limit(1)) is not None


def break_glass(session: Session, lead: Lead, account_id: uuid.UUID, *, reason: str) -> Opening:
    """Open a restricted record to one account for an hour and tell the supervisors; raises Invalid without a reason to judge by."""
    said, person = checked_reason(reason), session.get_one(Person, lead.person_id)
    if person.restricted_at is None:
        raise Conflict("This record is open to everybody who works with leads.")
    at, actor = real_now(), f"account:{account_id}"
    opening = Opening(person_id=person.id, account_id=account_id, opened_at=at, until=at + LASTS)
    opening.reason = said
    session.add(opening)
    session.flush()
    record(session, "person.opened", person, actor=actor, opening=str(opening.id), lead=lead.number)
    due = end_of_business_days(clinic().office(lead.office).calendar, now(), 1)
    # The to-do names the lead's number only: who it is, and why, stands behind the supervisors' page.
    open_todo(session, TODO, person_id=person.id, lead_id=lead.id, due_at=due, role="supervisor", actor=actor)
    return opening


def openings(session: Session, *, before: uuid.UUID | None = None) -> Sequence[Row[Opening, Lead]]:
    """Return the openings and the newest lead of each person, the newest opening first, a page and one more."""
    newest = select(Lead.id).where(Lead.person_id == Opening.person_id).order_by(Lead.serial.desc()).limit(1).scalar_subquery()
    wanted = select(Opening, Lead).join(Lead, Lead.id == newest.correlate(Opening))
    if before is not None:
        wanted = wanted.where(Opening.id < before)
    return session.execute(wanted.order_by(Opening.id.desc()).limit(A_PAGE + 1)).all()


def mark_seen(session: Session, opening_id: uuid.UUID, *, actor: str) -> Sequence[uuid.UUID]:
    """Note that a supervisor has judged an opening, and return the to-dos that end with the last one of its person.

    Raises NotFound or Conflict.
    """
    opening = session.get(Opening, opening_id, with_for_update=True, populate_existing=True)
    if opening is None:
        raise NotFound("There is no such opening.")
    if opening.seen_at is not None:
        raise Conflict("A supervisor has seen this already.")
    if actor == f"account:{opening.account_id}":
        raise Conflict("Somebody else has to look at what you opened yourself.")
    opening.seen_by, opening.seen_at = actor, real_now()
    record(session, "opening.seen", opening, actor=actor)
    session.flush()
    unseen = select(Opening.id).where(Opening.person_id == opening.person_id, Opening.seen_at.is_(None)).limit(1)
    if session.scalar(unseen) is not None:
        return ()
    theirs = select(Lead.id).where(Lead.person_id == opening.person_id).scalar_subquery()
    ended = session.scalars(select(Todo.id).where(Todo.lead_id.in_(theirs), Todo.kind == TODO, Todo.done_at.is_(None))).all()
    for todo_id in ended:
        finish(session, todo_id, actor=actor, outcome="seen")
    return ended


def mark_unseen(session: Session, opening_id: uuid.UUID, todos: Collection[uuid.UUID], *, actor: str) -> None:
    """Take back one's own word that one has judged an opening, and open again the to-dos that ended with it; raises Conflict."""
    opening = session.get(Opening, opening_id, with_for_update=True, populate_existing=True)
    if opening is None or opening.seen_by != actor:
        raise Conflict("Nobody, or somebody else, has looked at this opening by now.")
    opening.seen_by = opening.seen_at = None
    record(session, "opening.unseen", opening, actor=actor)
    for todo_id in todos:
        reopen(session, todo_id, actor=actor)
