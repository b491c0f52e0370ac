"""Opening and closing a human's next step."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.rights import in_words
from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.errors import Conflict, NotFound
from leads.todos.models import Todo

# What a colleague asked for in their own words: of these a lead may have several.
OWN = "own"


class Link(NamedTuple):
    """The step of a sequence that a to-do is, and what that step depends on."""

    enrolment_id: uuid.UUID
    step: str
    occurrence: int
    depends_on: Mapping[str, Any]


def open_todo(
    session: Session,
    kind: str,
    *,
    person_id: uuid.UUID,
    lead_id: uuid.UUID | None,
    due_at: datetime,
    role: str = "coordinator",
    urgent: bool = False,
    note: str | None = None,
    of: Link | None = None,
    actor: str = SYSTEM,
) -> Todo:
    """Return a new to-do, or the open one of this kind for this lead: the same need is never listed twice."""
    same = select(Todo).where(Todo.person_id == person_id, Todo.lead_id == lead_id, Todo.kind == kind, Todo.done_at.is_(None))
    # A to-do can be the step of one sequence only.
    free = same.where(Todo.enrolment_id.is_(None)) if of else same
    known = session.scalar(free.order_by(Todo.opened_at).limit(1))
    if known is not None:
        # A second cause may bring a need forward or make it urgent, never put it off or play it down.
        known.due_at, known.urgent = min(known.due_at, due_at), known.urgent or urgent
        if known.enrolment_id is not None:
            # A sequence that ends closes only what nobody but itself has asked for.
            known.opened_by = actor
        return _bound(known, of)
    return new_todo(
        session, kind, person_id=person_id, lead_id=lead_id, due_at=due_at, role=role, urgent=urgent, note=note, of=of, actor=actor
    )


def new_todo(
    session: Session,
    kind: str,
    *,
    person_id: uuid.UUID,
    lead_id: uuid.UUID | None,
    due_at: datetime,
    role: str = "coordinator",
    urgent: bool = False,
    note: str | None = None,
    of: Link | None = None,
    for_account: uuid.UUID | None = None,
    actor: str = SYSTEM,
) -> Todo:
    """Return a new to-do for a lead that is certain to have none of this kind, such as one just opened."""
    todo = Todo(
        person_id=person_id,
        lead_id=lead_id,
        kind=kind,
        role=role,
        urgent=urgent,
        due_at=due_at,
        note=note,
        for_account=for_account,
        opened_by=actor,
        opened_at=now(),
    )
    session.add(_bound(todo, of))
    record(session, "todo.opened", todo, actor=actor, kind=kind, lead=str(lead_id))
    return todo


def why_not_theirs(todo: Todo, roles: Collection[str]) -> str | None:
    """Return for whom a to-do is where it is not for somebody of these roles, or None; a coordinator's is for all who work with leads."""
    return None if todo.role in ("coordinator", *roles) else f"for {in_words([todo.role])}"


def finish(session: Session, todo_id: uuid.UUID, *, actor: str, outcome: str) -> Todo:
    """Close a to-do with its outcome; raises NotFound, or Conflict when somebody already did."""
    todo = session.get(Todo, todo_id, with_for_update=True, populate_existing=True)
    if todo is None:
        raise NotFound("There is no such to-do.")
    if todo.done_at is not None:
        raise Conflict("Somebody has already done this.")
    todo.done_at, todo.done_by, todo.outcome = now(), actor, outcome
    record(session, "todo.done", todo, actor=actor, outcome=outcome)
    return todo


def reopen(session: Session, todo_id: uuid.UUID, *, actor: str) -> Todo:
    """Open a to-do again that was done by mistake; raises NotFound, or Conflict where it is open or a sequence went on."""
    todo = session.get(Todo, todo_id, with_for_update=True, populate_existing=True)
    if todo is None:
        raise NotFound("There is no such to-do.")
    same = select(Todo.id).where(Todo.lead_id == todo.lead_id, Todo.kind == todo.kind, Todo.done_at.is_(None))
    if todo.done_at is None or (todo.kind != OWN and session.scalar(same.limit(1)) is not None):
        raise Conflict("It is open already.")
    if todo.enrolment_id is not None:
        raise Conflict("A sequence waited for this and has gone on since: open a new to-do instead.")
    todo.done_at, todo.done_by, todo.outcome = None, None, None
    record(session, "todo.reopened", todo, actor=actor)
    return todo


def put_off(session: Session, kind: str, *, lead_id: uuid.UUID, until: datetime, actor: str) -> int:
    """Give every open to-do of a kind on a lead a new time, because a try did not succeed; returns how many."""
    rows = session.scalars(select(Todo).where(Todo.lead_id == lead_id, Todo.kind == kind, Todo.done_at.is_(None)).with_for_update()).all()
    for todo in rows:
        was, todo.due_at = todo.due_at, until
        record(session, "todo.put-off", todo, actor=actor, kind=kind, until=until.isoformat(), was=was.isoformat())
    return len(rows)


def put_back(session: Session, todo_id: uuid.UUID, *, until: datetime, was: datetime, actor: str) -> Todo:
    """Give a to-do that was put off until a moment the time it had; raises Conflict where it was done or put off again since."""
    todo = session.get_one(Todo, todo_id, with_for_update=True, populate_existing=True)
    if todo.done_at is not None or todo.due_at != until:
        raise Conflict("A to-do that was put off has been done or put off again since.")
    todo.due_at = was
    record(session, "todo.put-off", todo, actor=actor, kind=todo.kind, until=was.isoformat(), was=until.isoformat())
    return todo


def finish_all(session: Session, kind: str, *, lead_id: uuid.UUID, actor: str, outcome: str) -> int:
    """Close every open to-do of a kind on a lead; returns how many."""
    rows = session.scalars(select(Todo).where(Todo.lead_id == lead_id, Todo.kind == kind, Todo.done_at.is_(None))).all()
    for todo in rows:
        finish(session, todo.id, actor=actor, outcome=outcome)
    return len(rows)


def _bound(todo: Todo, of: Link | None) -> Todo:
    if of is not None:
        todo.enrolment_id, todo.step, todo.occurrence, todo.depends_on = of.enrolment_id, of.step, of.occurrence, dict(of.depends_on)
    return todo
