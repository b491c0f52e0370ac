"""News for those who have subscribed: written down in the transaction in which it happens, delivered by the workers."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import ApiKey
from leads.clock import now, real_now
from leads.loop.disclosure import level_for
from leads.loop.models import Knock, Referral, ReferralEvent, Subscription
from leads.messages.outbox import post

NEWS = "referral-news"
USEFUL_FOR = timedelta(days=7)


def announce(session: Session, referral: Referral, happened: ReferralEvent) -> None:
    """Write down what subscribers hear of an event: that there is one. Where the patient allows no more than "received", nothing."""
    if referral.practice_id is None:
        return
    listening = _listening(session, referral)
    if not listening or (happened.event != "package" and level_for(session, referral) == "acknowledged"):
        return
    for subscription in listening:
        _write_to(session, subscription, referral) if subscription.kind == "email" else knock(session, subscription, referral)


def knock(session: Session, subscription: Subscription, referral: Referral | None) -> Knock:
    """Add a notification to a web address, due at once; without a referral it is the handshake."""
    subscription.events += 1 if referral else 0
    number = subscription.events if referral else 0
    added = Knock(subscription_id=subscription.id, number=number, at=now(), due_at=real_now(), tries=0)
    added.referral_id = referral.id if referral else None
    session.add(added)
    session.flush()
    return added


def _listening(session: Session, referral: Referral) -> Sequence[Subscription]:
    # Held, so that two events at once don't get the same number; whose key was revoked hears no more.
    active = Subscription.practice_id == referral.practice_id, Subscription.state == "active"
    wanted = select(Subscription).join(ApiKey, ApiKey.id == Subscription.api_key_id).where(*active, ApiKey.revoked_at.is_(None))
    return session.scalars(wanted.order_by(Subscription.id).with_for_update(of=Subscription)).all()


def _write_to(session: Session, subscription: Subscription, referral: Referral) -> None:
    to = {"provider_id": subscription.provider_id} if subscription.provider_id else {"delegate_id": subscription.delegate_id}
    subscription.events += 1
    post(
        session,
        None,
        NEWS,
        cause="referral:subscription",
        about_id=referral.person_id,
        referral_id=referral.id,
        lead_id=referral.lead_id,
        facts={"number": referral.number},
        useful_until=now() + USEFUL_FOR,
        **to,
    )
