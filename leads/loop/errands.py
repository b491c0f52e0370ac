"""To-dos about one referral: each referrer's are their own, even where two sent the same person."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.loop.models import Referral
from leads.loop.states import STATES
from leads.todos.models import Todo
from leads.todos.open import finish, new_todo

OPEN = frozenset(state for state, standing in STATES.items() if not standing.ended)
# Where somebody need do it: past that it is done by what has happened since. What must be told stays until somebody has.
NEEDED_IN: Mapping[str, frozenset[str]] = {
    "phone-referrer": frozenset({"needs_information"}),
    "confirm-withdrawal": frozenset({"cancel_requested"}),
    "read-answer": OPEN,
    "tell-referrer": frozenset(STATES),
    "withdrawn": frozenset(STATES),
}


def errand(session: Session, referral: Referral, kind: str, words: str, *, due_at: datetime | None = None, actor: str = SYSTEM) -> Todo:
    """Return the to-do of this kind about a referral, a new one where none is open; due by the next business day's end by default."""
    due = due_at or end_of_business_days(clinic().office(referral.office).calendar, now(), 1)
    known = next(iter(_open(session, referral, (kind,))), None)
    if known is not None:
        known.due_at = min(known.due_at, due)
        return known
    note = f"{referral.number}: {words}"
    return new_todo(session, kind, person_id=referral.person_id, lead_id=referral.lead_id, due_at=due, note=note, actor=actor)


def drop_overtaken(session: Session, referral: Referral, *, actor: str) -> None:
    """Close the to-dos that a referral, as it now stands, no longer needs."""
    over = [kind for kind, states in NEEDED_IN.items() if referral.state not in states]
    for todo in _open(session, referral, over):
        finish(session, todo.id, actor=actor, outcome=referral.state)


def _open(session: Session, referral: Referral, kinds: Sequence[str]) -> list[Todo]:
    session.flush()
    of_lead = select(Todo).where(Todo.lead_id == referral.lead_id, Todo.kind.in_(kinds), Todo.done_at.is_(None))
    return [todo for todo in session.scalars(of_lead) if (todo.note or "").startswith(f"{referral.number}:")]
