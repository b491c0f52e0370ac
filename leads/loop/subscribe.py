"""Subscribing to news about a practice's referrals: where to may be told, and how that is proved first."""

import re
import uuid
from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.keys import Holder
from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.loop.announce import knock
from leads.loop.models import Knock, Subscription
from leads.providers.models import Delegate, Practice, Provider, email_index
from leads.security.identifiers import normal_email

MOST = 10
HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}):[ \t]*([\x20-\x7e]{1,2000})")
# What the connection itself decides.
NOT_THEIRS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})


def subscribe_url(session: Session, practice: Practice, endpoint: str, *, headers: Sequence[str], key: Holder) -> Subscription:
    """Return a new subscription that knocks at a web address; it is active once the address has answered the first time.

    Raises Invalid for an address that is not HTTPS at a host on the operator's list, or for headers that cannot be sent.
    """
    require_allowed(endpoint)
    for header in headers:
        found = HEADER.fullmatch(header)
        if found is None or found[1].lower() in NOT_THEIRS:
            raise _refused("header", "A header is written like `Authorization: Bearer abc`; those of the connection are ours to set.")
    subscription = _add(session, practice, "rest-hook", endpoint, key)
    subscription.headers = list(headers)
    session.flush()
    knock(session, subscription, None)
    return subscription


def subscribe_email(session: Session, practice: Practice, address: str, *, key: Holder) -> Subscription:
    """Return a new subscription that writes to an address; raises Invalid unless it is a verified one of this practice's people."""
    to = _known(session, practice, address)
    subscription = _add(session, practice, "email", address, key)
    subscription.state = "active"
    subscription.provider_id, subscription.delegate_id = (to.id, None) if isinstance(to, Provider) else (None, to.id)
    return subscription


def unsubscribe(session: Session, subscription: Subscription, *, actor: str) -> None:
    """End a subscription; what was about to be said is not said any more."""
    stop(session, subscription, "off", "ended by its practice")
    record(session, "subscription.ended", subscription, actor=actor)


def stop(session: Session, subscription: Subscription, state: str, why: str) -> None:
    """Leave a subscription `off` or in `error`, and give up its knocks."""
    subscription.state, subscription.why, subscription.ended_at = state, why, now()
    for each in session.scalars(select(Knock).where(Knock.subscription_id == subscription.id, Knock.ended_at.is_(None))):
        each.ended_at, each.taken = now(), False


def subscriptions_of(session: Session, practice_id: uuid.UUID) -> Sequence[Subscription]:
    """Return a practice's subscriptions, ended ones too, the first made first."""
    return session.scalars(select(Subscription).where(Subscription.practice_id == practice_id).order_by(Subscription.id)).all()


def subscription_of(session: Session, practice_id: uuid.UUID, which: str) -> Subscription:
    """Return one of a practice's subscriptions; raises NotFound for another practice's as for one that never was."""
    found = next((each for each in subscriptions_of(session, practice_id) if str(each.id) == which), None)
    if found is None:
        raise NotFound("There is no such Subscription.")
    return found


def require_allowed(endpoint: str) -> tuple[str, int]:
    """Return host and port of an address we may knock at; raises Invalid for any other."""
    allowed = {each.strip().lower() for each in settings().handoff_subscription_hosts.split(",")} - {""}
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower(), parts.port or 443
    except ValueError:
        raise _refused("endpoint", "This is no web address.") from None
    if parts.scheme != "https" or parts.username or parts.password or parts.fragment or re.search(r"[\x00-\x20\x7f\\]", endpoint):
        raise _refused("endpoint", "Give an address that begins with https://, without a user name.")
    if f"{host}:{port}" not in allowed and not (port == 443 and host in allowed):
        words = "The clinic does not deliver to this host yet. Ask it to add the host (HANDOFF_SUBSCRIPTION_HOSTS)."
        raise _refused("endpoint", words)
    return host, port


def _add(session: Session, practice: Practice, kind: str, endpoint: str, key: Holder) -> Subscription:
    lock(session, "subscriptions", practice.id)
    if sum(each.ended_at is None for each in subscriptions_of(session, practice.id)) >= MOST:
        raise Conflict(f"A practice has at most {MOST} subscriptions: delete one first.")
    subscription = Subscription(practice_id=practice.id, api_key_id=key.id, kind=kind, state="requested", events=0, created_at=now())
    subscription.endpoint = endpoint
    session.add(subscription)
    session.flush()
    record(session, "subscription.made", subscription, actor=f"key:{key.id}", kind=kind)
    return subscription


def _known(session: Session, practice: Practice, address: str) -> Provider | Delegate:
    normal = normal_email(address)
    index = email_index(normal) if normal else b""
    provider = select(Provider).where(Provider.practice_id == practice.id, Provider.email_index == index, Provider.verified_at.is_not(None))
    mine = (Delegate.practice_id == practice.id, Delegate.email_index == index, Delegate.verified_at.is_not(None))
    delegate = select(Delegate).where(*mine, Delegate.removed_at.is_(None))
    found = session.scalar(provider.limit(1)) or session.scalar(delegate.limit(1))
    if found is None:
        # Mail to any address one cares to name would let a key fill strangers' mailboxes.
        words = "We write only to an address of your practice that the clinic has verified. Please call the clinic first."
        raise _refused("endpoint", words)
    return found


def _refused(field: str, words: str) -> Invalid:
    return Invalid(words, errors=(FieldError(f"Subscription.channel.{field}", "value", words),))
