"""Releasing: a clinician says what was found and agreed; what was planned is planned anew, never replayed."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent import ledger
from leads.errors import Forbidden
from leads.sequences.stop import resume
from leads.todos.models import Todo
from leads.todos.open import finish


def release(session: Session, person_id: uuid.UUID, *, actor: str, roles: Collection[str], disposition: str) -> None:
    """End a person's holds with a disposition; raises Forbidden for anybody but a clinician."""
    if "clinician" not in roles:
        raise Forbidden("Only a clinician releases a safety hold.")
    ledger.release(session, person_id, actor=actor, disposition=disposition)
    # Of the person, not of one lead: what was disclosed in one journey silences all of them, and so does its end.
    open_todos = select(Todo.id).where(Todo.person_id == person_id, Todo.kind == "safety", Todo.done_at.is_(None))
    for todo_id in session.scalars(open_todos).all():
        finish(session, todo_id, actor=actor, outcome="released")
    resume(session, person_id, after="hold", actor=actor)
