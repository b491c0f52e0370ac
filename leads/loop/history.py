"""Something happens to a referral: its state, its history and what its sender is told change in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.errors import StaleVersion
from leads.loop.announce import announce
from leads.loop.errands import drop_overtaken
from leads.loop.models import Referral, ReferralEvent
from leads.loop.nudge import next_nudge
from leads.loop.states import STATES, after
from leads.loop.tell_referrer import take_back_questions, tell

# How long a referrer has to answer; their clock, not ours (the nudges come before it ends).
TO_ANSWER = 10


def apply(
    session: Session, referral: Referral, event: str, *, actor: str, details: Mapping[str, Any] | None = None, quietly: bool = False
) -> ReferralEvent:
    """Let an event happen to a referral and tell its sender what they may know; raises Conflict where the table does not allow it.

    `details` are words for the sender's side, shown to them as far as the patient's grant reaches. `quietly` leaves out the notice:
    the event is a step on the way to another that tells.
    """
    before = referral.state
    state = after(before, event, came_from=referral.came_from)
    at, told = now(), dict(details or {})
    referral.came_from = before if event == "ask" else None
    referral.state, referral.state_at, referral.changed_at, referral.version = state, at, at, referral.version + 1
    referral.reason, referral.words = told.get("reason"), told or None
    _set_clocks(referral, event, at)
    _set_visit(referral, event, told.get("at"))
    _set_end(referral, at)
    drop_overtaken(session, referral, actor=actor)
    if before == "needs_information":
        take_back_questions(session, referral, actor=actor)
    happened = _write(session, referral, event, actor, told)
    record(session, f"referral.{event}", referral, actor=actor, before=before, to=state, reason=referral.reason)
    if not quietly:
        tell(session, referral, happened)
        announce(session, referral, happened)
    return happened


def begin(session: Session, referral: Referral, *, actor: str) -> ReferralEvent:
    """Write down that a referral has come in, and tell its sender."""
    happened = _write(session, referral, "package", actor, {})
    record(session, "referral.received", referral, actor=actor, channel=referral.channel, lead=str(referral.lead_id))
    tell(session, referral, happened)
    announce(session, referral, happened)
    return happened


def walk(session: Session, referral: Referral, events: Sequence[str], *, actor: str, details: Mapping[str, Any] | None = None) -> None:
    """Let several events happen one after another; only the last is told, with the details."""
    for event in events[:-1]:
        apply(session, referral, event, actor=actor, quietly=True)
    for event in events[-1:]:
        apply(session, referral, event, actor=actor, details=details)


def at_version(session: Session, referral: Referral, version: int) -> Referral:
    """Return a referral held for writing; raises StaleVersion when somebody wrote since `version` was read."""
    session.refresh(referral, with_for_update=True)
    if referral.version != version:
        words = STATES[referral.state].words.lower()
        raise StaleVersion(f"Somebody changed {referral.number} in the meantime: it is now {words}. Look again, then decide.")
    return referral


def _write(session: Session, referral: Referral, event: str, actor: str, details: dict[str, Any]) -> ReferralEvent:
    happened = ReferralEvent(
        referral_id=referral.id, event=event, state=referral.state, version=referral.version, actor=actor, at=referral.state_at
    )
    happened.details = details or None
    session.add(happened)
    session.flush()
    return happened


def _set_clocks(referral: Referral, event: str, at: datetime) -> None:
    calendar = clinic().office(referral.office).calendar
    referral.their_promise = end_of_business_days(calendar, at, TO_ANSWER) if event == "ask" else None
    referral.nudge_at = next_nudge(referral, at) if event == "ask" else None
    if event in ("answer", "resume", "reopen"):
        # Our clock rested while we waited for them: what we promised begins anew.
        referral.expected_by = end_of_business_days(calendar, at, clinic().promise.business_days)


def _set_visit(referral: Referral, event: str, at: str | None) -> None:
    if event in ("schedule", "reschedule"):
        referral.appointment_at = datetime.fromisoformat(at) if at else None
    elif event in ("cancel_visit", "no_show"):
        referral.appointment_at = None


def _set_end(referral: Referral, at: datetime) -> None:
    if STATES[referral.state].ended:
        referral.closed_at = at
        # The first closure is what reports count; reopening and closing again does not rewrite it.
        referral.first_closed_at, referral.first_closed_as = referral.first_closed_at or at, referral.first_closed_as or referral.state
    else:
        referral.closed_at = None
