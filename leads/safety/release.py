"""Releasing: a clinician says what was found and agreed; what was planned is planned anew, never replayed."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent import ledger
from leads.errors import FieldError, Forbidden, Invalid
from leads.safety.take import end_all
from leads.sequences.stop import resume
from leads.todos.models import Todo
from leads.todos.open import finish

# What a clinician can have found; their own words say the rest.
DISPOSITIONS = ("no-danger", "safety-plan", "emergency", "other-care", "not-about-them")


@dataclass(frozen=True)
class Disposition:
    """How a hold ends: one of DISPOSITIONS, and in the clinician's words what was found and agreed."""

    code: str
    words: str


def release(session: Session, person_id: uuid.UUID, *, actor: str, roles: Collection[str], disposition: Disposition) -> None:
    """End a person's holds with a disposition; raises Forbidden for anybody but a clinician, Invalid without code or words."""
    if "clinician" not in roles:
        raise Forbidden("Only a clinician releases a safety hold.")
    if disposition.code not in DISPOSITIONS:
        wrong = f"Choose what was found: one of {', '.join(DISPOSITIONS)}."
        raise Invalid(wrong, errors=(FieldError("found", "unknown_choice", wrong),))
    ledger.release(session, person_id, actor=actor, code=disposition.code, disposition=disposition.words)
    end_all(session, person_id, actor=actor)
    # Of the person, not of one lead: what was disclosed in one journey silences all of them, and so does its end.
    open_todos = select(Todo.id).where(Todo.person_id == person_id, Todo.kind == "safety", Todo.done_at.is_(None))
    for todo_id in session.scalars(open_todos).all():
        finish(session, todo_id, actor=actor, outcome="released")
    resume(session, person_id, after="hold", actor=actor)
