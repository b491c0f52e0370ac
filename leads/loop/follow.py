"""A lead moves, and its referrals with it: each referrer's stream goes on, in the same transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.loop.history import apply, walk
from leads.loop.models import Referral
from leads.loop.states import OF_STAGE, STATES, allowed, way


def lead_moved(
    session: Session,
    lead_id: uuid.UUID,
    stage: str,
    *,
    before: str,
    outcome: str | None,
    actor: str,
    visit_at: datetime | None = None,
) -> None:
    """Carry a lead's referrals along to where its new stage puts them, and tell their senders once what they may know."""
    for referral in of_lead(session, lead_id, held=True):
        # One that was declined or handed on by itself stays so while the lead goes on for another; a withdrawn one is its sender's.
        if not STATES[referral.state].ended or (before == "closed" and referral.state != "cancelled"):
            keep_step(session, referral, stage, outcome=outcome, visit_at=visit_at, actor=actor)


def keep_step(
    session: Session, referral: Referral, stage: str, *, outcome: str | None = None, visit_at: datetime | None = None, actor: str
) -> None:
    """Bring one referral to where its lead's stage puts it; its sender is told once."""
    target = OF_STAGE.get(stage) or _closed_as(outcome)
    events = way(referral.state, target, came_from=referral.came_from)
    walk(session, referral, events, actor=actor, details=_details(events, outcome, visit_at))


def visit_changed(session: Session, lead_id: uuid.UUID, event: str, *, at: datetime | None = None, actor: str) -> int:
    """Let a visit's news (`no_show`, `reschedule`) happen to the lead's referrals it concerns; returns how many."""
    theirs = [referral for referral in of_lead(session, lead_id, held=True) if event in allowed(referral.state, "recipient")]
    for referral in theirs:
        apply(session, referral, event, actor=actor, details={"at": at.isoformat()} if at else None)
    return len(theirs)


def of_lead(session: Session, lead_id: uuid.UUID, *, held: bool = False) -> Sequence[Referral]:
    """Return a lead's referrals, the first received first; each with a stream of its own."""
    theirs = select(Referral).where(Referral.lead_id == lead_id).order_by(Referral.received_at, Referral.id)
    return session.scalars(theirs.with_for_update() if held else theirs).all()


def _closed_as(outcome: str | None) -> str:
    return next((each.referral for each in clinic().outcomes if each.code == outcome), "closed")


def _details(events: Sequence[str], outcome: str | None, visit_at: datetime | None) -> dict[str, Any]:
    if visit_at is not None and events:
        return {"at": visit_at.isoformat()}
    if not events or outcome is None:
        return {}
    return {"reason": outcome} if events[-1] == "decline" else {"outcome": outcome}
