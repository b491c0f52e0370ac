"""Handing over to a person and back: opening the to-dos whose time has come, and going on when they are done."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM
from leads.clock import now
from leads.db import lock
from leads.sequences.models import Enrolment
from leads.sequences.replan import changes, replan
from leads.sequences.todos import open_step
from leads.todos import open as todos
from leads.todos.models import Todo

BATCH = 200


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return the enrolments in which a to-do should be open by now, the longest due first."""
    waiting = select(Enrolment.id).where(Enrolment.ended_at.is_(None), Enrolment.next_todo_at <= now())
    return session.scalars(waiting.order_by(Enrolment.next_todo_at).limit(BATCH)).all()


def open_due(session: Session, enrolment_id: uuid.UUID) -> list[Todo]:
    """Open the to-dos of an enrolment whose time has come; what follows them waits. Again, or too early, changes nothing."""
    lock(session, "person", session.scalars(select(Enrolment.person_id).where(Enrolment.id == enrolment_id)).one())
    enrolment = session.get_one(Enrolment, enrolment_id, with_for_update=True, populate_existing=True)
    # Another clock was faster, or the time was moved since we looked.
    if enrolment.ended_at is not None or enrolment.next_todo_at is None or enrolment.next_todo_at > now():
        return []
    planned = [each.planned for each in changes(session, enrolment, actor=SYSTEM)]
    ripe = [step for step in planned if step and step.todo and not step.skip and step.due_at <= now()]
    opened = [open_step(session, enrolment, step) for step in ripe]
    replan(session, enrolment, actor=SYSTEM)
    return opened


def finish(session: Session, todo_id: uuid.UUID, *, actor: str, outcome: str) -> Todo:
    """Close a to-do, and let the sequence that waited for it go on from here; raises NotFound, or Conflict when somebody already did."""
    person_id = session.scalar(select(Todo.person_id).where(Todo.id == todo_id))
    # The person's lock before the row of the to-do, as in planning: the other way round the two could wait for each other.
    if person_id is not None:
        lock(session, "person", person_id)
    todo = todos.finish(session, todo_id, actor=actor, outcome=outcome)
    if todo.enrolment_id is not None:
        replan(session, session.get_one(Enrolment, todo.enrolment_id), actor=actor)
    return todo


def finish_all(session: Session, kind: str, *, lead_id: uuid.UUID, actor: str, outcome: str) -> int:
    """Close every open to-do of a kind on a lead, and let go on what waited for them; returns how many."""
    rows = session.scalars(select(Todo.id).where(Todo.lead_id == lead_id, Todo.kind == kind, Todo.done_at.is_(None))).all()
    for todo_id in rows:
        finish(session, todo_id, actor=actor, outcome=outcome)
    return len(rows)
