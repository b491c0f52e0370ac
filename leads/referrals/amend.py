"""A changed referral waits until one of us has looked at it: taken in, or put aside; either way it stays on record."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.consent.ledger import Spoken, withdraw
from leads.errors import Conflict, NotFound
from leads.loop.models import Amendment, Referral
from leads.referrals.admit import GRANTS, admit, said_of
from leads.referrals.submission import Written, as_kept
from leads.todos.open import finish_all


def waiting(session: Session, referral_id: uuid.UUID) -> Sequence[Amendment]:
    """Return what has been sent in about a referral and not been decided, the oldest first."""
    undecided = (Amendment.referral_id == referral_id, Amendment.decided_at.is_(None))
    return session.scalars(select(Amendment).where(*undecided).order_by(Amendment.at, Amendment.id)).all()


def differences(before: Mapping[str, Any], after: Mapping[str, Any], under: str = "") -> Mapping[str, tuple[Any, Any]]:
    """Return what two submissions say differently, by dotted field name: what stands, and what was sent in."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found |= differences(old, new, f"{under}{name}.")
        elif old != new:
            found[f"{under}{name}"] = (old, new)
    return found


def take_in(session: Session, amendment_id: uuid.UUID, *, actor: str) -> Referral:
    """Let an amendment stand as what the referrer says now; raises NotFound, or Conflict when somebody has decided already.

    Grants that it adds count from now on, and those it no longer names end. An address or number it adds is not thereby the person's.
    """
    amendment, referral = _held(session, amendment_id)
    before, asked = as_kept(referral.received), as_kept(amendment.received)
    referral.received, referral.content_hash = amendment.received, amendment.content_hash
    referral.urgency, referral.current_risk, referral.part2 = asked.urgency, asked.current_risk, asked.part2
    referral.changed_at = now()
    _withdraw(session, referral, before, asked, actor=actor)
    if referral.is_verified:
        admit(session, referral, asked, is_known=True, actor=actor)
    _decide(session, amendment, referral, "taken-in", actor)
    return referral


def put_aside(session: Session, amendment_id: uuid.UUID, *, actor: str) -> Referral:
    """Leave a referral as it stands; raises NotFound, or Conflict when somebody has decided already."""
    amendment, referral = _held(session, amendment_id)
    _decide(session, amendment, referral, "put-aside", actor)
    return referral


def _held(session: Session, amendment_id: uuid.UUID) -> tuple[Amendment, Referral]:
    amendment = session.get(Amendment, amendment_id, with_for_update=True, populate_existing=True)
    if amendment is None:
        raise NotFound("There is no such amendment.")
    if amendment.decided_at is not None:
        raise Conflict("Somebody has already decided about this one.")
    return amendment, session.get_one(Referral, amendment.referral_id, with_for_update=True, populate_existing=True)


def _withdraw(session: Session, referral: Referral, before: Written, after: Written, *, actor: str) -> None:
    said, had, has = said_of(before), before.patient.consent, after.patient.consent
    if said and said.by == "self":
        # What the patient told us themselves does not end because somebody who writes about them leaves it out.
        return
    how = Spoken("referral", referral.channel, has.wording or had.wording, evidence=referral.number, referral_id=referral.id)
    for kind in GRANTS:
        if getattr(had, kind) and not getattr(has, kind):
            withdraw(session, referral.person_id, kind, how, actor=actor)


def _decide(session: Session, amendment: Amendment, referral: Referral, decision: str, actor: str) -> None:
    amendment.decided_at, amendment.decided_by, amendment.decision = now(), actor, decision
    record(session, "referral.amendment_decided", amendment, actor=actor, decision=decision, referral=str(referral.id))
    if not [each for each in waiting(session, referral.id) if each.id != amendment.id]:
        finish_all(session, "amendment", lead_id=referral.lead_id, actor=actor, outcome=decision)
