"""A call to the practice of a sender nobody knew: from then on they hear from us and the patient may; or they are not believed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.loop.models import Referral, ReferralEvent
from leads.loop.tell_referrer import TEMPLATES, tell
from leads.providers.models import Claim
from leads.providers.trust import Call
from leads.providers.verify import accept, refuse
from leads.referrals.admit import admit
from leads.referrals.submission import as_kept
from leads.todos.open import finish_all


def believe(
    session: Session, referral: Referral, call: Call, *, email: str | None = None, by_email: str | None = None, actor: str
) -> Referral:
    """Believe who sent a referral after a call to their practice's listed number; they are told where it stands by now.

    `email` and `by_email` are the addresses read back in the call. What they said the patient granted counts from now on. Raises
    Invalid where the call's particulars are missing, Conflict where somebody has settled it already.
    """
    claim = session.get_one(Claim, referral.claim_id)
    provider = accept(session, claim, call, email=email or None, by_email=by_email or None, actor=actor)
    referral.provider_id, referral.practice_id, referral.delegate_id = provider.id, claim.practice_id, claim.delegate_id
    referral.changed_at = now()
    record(session, "referral.believed", referral, actor=actor, practice=str(claim.practice_id))
    # A no the patient has said to us meanwhile stands: whoever they were, we may know them by now.
    admit(session, referral, as_kept(referral.received), is_known=True, actor=actor)
    tell(session, referral, _newest(session, referral))
    _settled(session, referral, actor=actor, outcome="believed")
    return referral


def disbelieve(session: Session, referral: Referral, *, actor: str) -> None:
    """Record that the practice did not send this: its sender hears nothing more, the patient is still ours to call. Raises Conflict."""
    refuse(session, session.get_one(Claim, referral.claim_id), actor=actor)
    _settled(session, referral, actor=actor, outcome="not-theirs")


def _newest(session: Session, referral: Referral) -> ReferralEvent:
    happened = (ReferralEvent.referral_id == referral.id, ReferralEvent.event.in_(TEMPLATES))
    return session.scalars(select(ReferralEvent).where(*happened).order_by(ReferralEvent.version.desc()).limit(1)).one()


def _settled(session: Session, referral: Referral, *, actor: str, outcome: str) -> None:
    others = select(Claim.id).join(Referral, Referral.claim_id == Claim.id)
    waiting = others.where(Referral.lead_id == referral.lead_id, Claim.verified_at.is_(None), Claim.refused_at.is_(None))
    if session.scalar(waiting.limit(1)) is None:
        finish_all(session, "verify-referrer", lead_id=referral.lead_id, actor=actor, outcome=outcome)
