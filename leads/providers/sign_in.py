"""Staying signed in to the portal, and being signed out: whoever is not believed any more has no session."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from leads.audit.trail import record, record_about
from leads.clock import real_now
from leads.providers.models import Delegate, PortalSession, Practice, Provider

LASTS, IDLE = timedelta(hours=12), timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Referrer:
    """A clinician or a delegate whom we believe, and the practice they are here for."""

    who: Provider | Delegate
    practice: Practice

    @property
    def actor(self) -> str:
        """How the record names them."""
        return actor_of(self.who)

    @property
    def name(self) -> str:
        """Their name in reading order."""
        return (self.who.full_name if isinstance(self.who, Provider) else self.who.name) or ""


def actor_of(who: Provider | Delegate) -> str:
    """Return how the record names a clinician or a delegate."""
    return f"{'provider' if isinstance(who, Provider) else 'delegate'}:{who.id}"


def referrer_of(session: Session, who: Provider | Delegate) -> Referrer | None:
    """Return a clinician or delegate with their practice; None unless we believe in them, it and whom they follow for."""
    practice = session.get(Practice, who.practice_id) if who.practice_id else None
    if practice is None or practice.verified_at is None or who.verified_at is None or who.email_index is None:
        return None
    if isinstance(who, Delegate) and not _may_follow(session, who):
        return None
    return Referrer(who, practice)


def open_session(session: Session, referrer: Referrer) -> str:
    """Return the secret for the browser's cookie; it is kept as a hash only."""
    secret, at = secrets.token_urlsafe(32), real_now()
    holder = {"provider_id" if isinstance(referrer.who, Provider) else "delegate_id": referrer.who.id}
    session.add(PortalSession(hash=_hash(secret), created_at=at, seen_at=at, expires_at=at + LASTS, **holder))
    record(session, "portal.signed_in", referrer.who, actor=referrer.actor)
    return secret


def signed_in(session: Session, secret: str) -> Referrer | None:
    """Return whose session a cookie carries, or None: unknown, ended, idle for half an hour, older than twelve hours, not believed."""
    live = (PortalSession.ended_at.is_(None), PortalSession.expires_at > real_now(), PortalSession.seen_at > real_now() - IDLE)
    opened = session.scalar(select(PortalSession).where(PortalSession.hash == _hash(secret), *live))
    who = _holder(session, opened) if opened else None
    # Asked each time, too: belief may be withdrawn in a way that ends no session, such as by hand in the database.
    referrer = referrer_of(session, who) if who else None
    if opened and referrer and opened.seen_at < real_now() - SEEN_EVERY:
        opened.seen_at = real_now()
    return referrer


def sign_out(session: Session, secret: str) -> None:
    """End the session a cookie carries; an unknown one changes nothing."""
    opened = session.scalar(select(PortalSession).where(PortalSession.hash == _hash(secret), PortalSession.ended_at.is_(None)))
    who = _holder(session, opened) if opened else None
    if opened and who:
        opened.ended_at = real_now()
        record(session, "portal.signed_out", who, actor=actor_of(who))


def sign_out_everywhere(session: Session, subject: Practice | Provider | Delegate) -> None:
    """End every session of somebody, or of everybody at a practice: for when we don't believe them any more."""
    ending = update(PortalSession).where(PortalSession.ended_at.is_(None), _sessions_of(subject)).values(ended_at=real_now())
    for ended in session.scalars(ending.returning(PortalSession.id)).all():
        record_about(session, "portal.session_ended", "portal_sessions", ended)


def forget_ended(session: Session) -> None:
    """Delete sessions a month after their end: who was signed in when is asked after an incident, not before."""
    session.execute(delete(PortalSession).where(PortalSession.expires_at < real_now() - KEPT))


def _sessions_of(subject: Practice | Provider | Delegate) -> ColumnElement[bool]:
    if isinstance(subject, Delegate):
        return PortalSession.delegate_id == subject.id
    providers, delegates = select(Provider.id), select(Delegate.id)
    if isinstance(subject, Provider):
        providers, delegates = providers.where(Provider.id == subject.id), delegates.where(Delegate.provider_id == subject.id)
    else:
        providers, delegates = providers.where(Provider.practice_id == subject.id), delegates.where(Delegate.practice_id == subject.id)
    return or_(PortalSession.provider_id.in_(providers), PortalSession.delegate_id.in_(delegates))


def _may_follow(session: Session, delegate: Delegate) -> bool:
    # The clinician stays accountable: nobody follows for one we don't believe.
    provider = session.get(Provider, delegate.provider_id) if delegate.provider_id else None
    return delegate.removed_at is None and (provider is None or provider.verified_at is not None)


def _holder(session: Session, opened: PortalSession) -> Provider | Delegate | None:
    if opened.provider_id:
        return session.get(Provider, opened.provider_id)
    return session.get(Delegate, opened.delegate_id) if opened.delegate_id else None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
