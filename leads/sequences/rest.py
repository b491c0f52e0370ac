"""A person rests from our mails: the pause itself, and every running sequence planned around it."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent import ledger
from leads.consent.ledger import Spoken
from leads.consent.models import Pause
from leads.errors import Conflict
from leads.sequences.replan import replan_all


def pause(session: Session, person_id: uuid.UUID, until: datetime, *, reason: str, actor: str, how: Spoken | None = None) -> Pause:
    """Let a person rest until a moment; what falls into the rest moves behind it, a day apart as ever."""
    rest = ledger.pause(session, person_id, until, reason=reason, actor=actor, how=how)
    session.flush()
    # Left to the guard at the moment of sending, everything that fell into the rest would go out on the morning it ends.
    replan_all(session, person_id, actor=actor)
    return rest


def end_pause(session: Session, person_id: uuid.UUID, *, actor: str, how: Spoken | None = None) -> int:
    """End a person's rest before its date; returns how many were running."""
    ended = ledger.end_pause(session, person_id, actor=actor, how=how)
    session.flush()
    replan_all(session, person_id, actor=actor)
    return ended


def undo_pause(session: Session, pause_id: uuid.UUID, *, actor: str) -> Pause:
    """End a rest that was begun by mistake; raises Conflict where it has ended already."""
    rest = session.get_one(Pause, pause_id)
    if rest.ended_at is not None or not end_pause(session, rest.person_id, actor=actor):
        raise Conflict("That pause has ended since.")
    return rest


def rest_on(session: Session, pause_id: uuid.UUID, *, actor: str) -> Pause:
    """Let a rest that was ended by mistake go on until its own date; raises Conflict where another has begun since."""
    rest = session.get_one(Pause, pause_id)
    if ledger.paused_until(session, rest.person_id) is not None:
        raise Conflict("Another pause has begun since.")
    return pause(session, rest.person_id, rest.until, reason=rest.reason, actor=actor) if rest.until > now() else rest
