"""What a hold silences about a visit is said by a person instead."""

import uuid

from sqlalchemy.orm import Session

from leads.clock import now
from leads.todos.models import Todo
from leads.todos.open import open_todo


def call_instead(session: Session, person_id: uuid.UUID, lead_id: uuid.UUID, *, template: str, actor: str) -> Todo:
    """Return the to-do to call about a visit, whose mail a hold keeps back; its note names each mail that did not go out."""
    # One to-do for all of them: whoever calls says everything in one call.
    todo = open_todo(session, "call-visit", person_id=person_id, lead_id=lead_id, due_at=now(), note=template, actor=actor)
    if template not in (todo.note or ""):
        todo.note = f"{todo.note}\n{template}" if todo.note else template
    return todo
