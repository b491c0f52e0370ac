"""A referrer who owes us an answer is reminded by mail, and phoned when their time is over."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.loop.errands import errand
from leads.loop.models import Referral, ReferralEvent
from leads.loop.tell_referrer import tell

BATCH = 200


def next_nudge(referral: Referral, after: datetime) -> datetime | None:
    """Return when a referrer is next reminded, later than `after`; the last time is the end of their promise, when somebody phones."""
    calendar = clinic().office(referral.office).calendar
    mails = [end_of_business_days(calendar, referral.state_at, days) for days in clinic().referrals.nudges_after]
    moments = (*mails, *([referral.their_promise] if referral.their_promise else []))
    return min((moment for moment in moments if moment > after), default=None)


def due(session: Session) -> Sequence[uuid.UUID]:
    """Return the referrals whose senders should have been reminded by now, the longest due first."""
    waiting = select(Referral.id).where(Referral.nudge_at <= now()).order_by(Referral.nudge_at).limit(BATCH)
    return session.scalars(waiting).all()


def nudge(session: Session, referral_id: uuid.UUID) -> bool:
    """Remind the sender of a referral, or ask a colleague to phone them; returns False where it was too early, or they have answered."""
    referral = session.get_one(Referral, referral_id, with_for_update=True, populate_existing=True)
    # Two clocks may tick at once: the second finds that the first has moved the hand on.
    if referral.nudge_at is None or referral.nudge_at > now():
        return False
    is_over = referral.their_promise is None or referral.their_promise <= now()
    told = () if is_over else tell(session, referral, _question(session, referral))
    # What a long outage has left behind is left out: one reminder, then on from today.
    referral.nudge_at = next_nudge(referral, now()) if told else None
    if not told:
        ask_to_phone(session, referral)
    record(session, "referral.nudged", referral, actor=SYSTEM, mails=len(told))
    return True


def ask_to_phone(session: Session, referral: Referral, *, actor: str = SYSTEM) -> None:
    """Ask a colleague to phone the sender of a referral for what is missing; no mail reminds them any more."""
    referral.nudge_at = None
    missing = "; ".join((referral.words or {}).get("missing", ()))
    errand(session, referral, "phone-referrer", missing, actor=actor)


def _question(session: Session, referral: Referral) -> ReferralEvent:
    asked = select(ReferralEvent).where(ReferralEvent.referral_id == referral.id, ReferralEvent.event == "ask")
    return session.scalars(asked.order_by(ReferralEvent.version.desc()).limit(1)).one()
