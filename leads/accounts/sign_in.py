"""Signing in, staying signed in, and signing out: sessions live in the database and go by real time."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection, Set
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from leads.accounts import throttle
from leads.accounts.models import Account, StaffSession
from leads.accounts.passwords import LONGEST, agrees, is_outdated, scramble
from leads.accounts.staff import account_index
from leads.audit.trail import record, record_about
from leads.clock import real_now
from leads.security.keys import ring

LASTS, IDLE = timedelta(hours=12), timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)
WRONG = "This e-mail address and password do not belong together. Check both, then try again."
TOO_OFTEN = "That was too often. Please wait a quarter of an hour, then try again; a supervisor can set a new password."


@dataclass(frozen=True)
class SignedIn:
    """Who signed in, and the secret for the browser's cookie; it is kept as a hash only."""

    account: Account
    secret: str


@dataclass(frozen=True)
class Refused:
    """Why not, in words that are the same for every account, known or not."""

    message: str
    too_often: bool = False


def sign_in(session: Session, email: str, password: str, *, source: bytes) -> SignedIn | Refused:
    """Open a session, or say why not; a refusal is returned, never raised, so that its count is committed."""
    index = account_index(email)
    limits = _limits(index, source)
    if not all(throttle.has_room(session, kind, key, limit=limit, within=within) for kind, key, limit, within in limits):
        record_about(session, "account.throttled", "accounts", None)
        return Refused(TOO_OFTEN, too_often=True)
    account = session.scalar(select(Account).where(Account.email_index == index))
    # Checked even for an account there is not, so that the time an answer takes names nobody. Overlong ones are not hashed at all.
    agreed = len(password) <= LONGEST and agrees(account.password_hash if account else None, password)
    if account is None or not agreed or account.disabled_at is not None:
        for kind, key, _, _ in limits:
            throttle.note(session, kind, key)
        record_about(session, "account.refused", "accounts", account.id if account else None)
        return Refused(WRONG)
    if is_outdated(account.password_hash):
        account.password_hash = scramble(password)
    return SignedIn(account, _open(session, account))


def signed_in(session: Session, secret: str, *, by_hand: bool = True) -> tuple[Account, StaffSession] | None:
    """Return whose session a cookie carries, or None: unknown, ended, idle for half an hour, or older than twelve hours.

    What a page asks for without anybody's doing (not `by_hand`) does not count as being seen.
    """
    found = session.execute(
        select(Account, StaffSession)
        .join(StaffSession, StaffSession.account_id == Account.id)
        .where(StaffSession.hash == _hash(secret), *_is_open())
    ).first()
    if found is None:
        return None
    account, opened = found
    # Once a minute is enough for an idle limit of thirty, and spares a write on every click.
    if by_hand and opened.seen_at < real_now() - SEEN_EVERY:
        opened.seen_at = real_now()
    return account, opened


def still_open(session: Session, sessions: Collection[uuid.UUID]) -> Set[uuid.UUID]:
    """Return those of these sessions in which somebody is signed in; asking does not count as being seen."""
    return set(session.scalars(select(StaffSession.id).join(Account).where(StaffSession.id.in_(sessions), *_is_open())))


def _is_open() -> list[ColumnElement[bool]]:
    return [
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > real_now(),
        StaffSession.seen_at > real_now() - IDLE,
        Account.disabled_at.is_(None),
    ]


def sign_out(session: Session, secret: str) -> None:
    """End the session a cookie carries; an unknown one changes nothing."""
    opened = session.scalar(select(StaffSession).where(StaffSession.hash == _hash(secret), StaffSession.ended_at.is_(None)))
    if opened is not None:
        opened.ended_at = real_now()
        record_about(session, "account.signed_out", "accounts", opened.account_id, actor=f"account:{opened.account_id}")


def form_token(secret: str) -> str:
    """Return what every form of a browser must carry: an HMAC of its cookie, so that another site cannot write it."""
    key = ring().derive("tokens", ring().current("tokens"), "console-form")
    return hmac.new(key, _hash(secret), hashlib.sha256).hexdigest()


def _open(session: Session, account: Account) -> str:
    secret, at = secrets.token_urlsafe(32), real_now()
    session.add(StaffSession(account_id=account.id, hash=_hash(secret), created_at=at, seen_at=at, expires_at=at + LASTS))
    record(session, "account.signed_in", account, actor=f"account:{account.id}")
    return secret


def _limits(index: bytes, source: bytes) -> list[tuple[str, bytes, int, timedelta]]:
    both = hashlib.sha256(index + source).digest()
    # Always in this order: each takes a lock, and two sign-ins that take them crosswise would wait for each other.
    return [
        ("sign-in-source", source, 100, timedelta(hours=1)),
        ("sign-in-account", index, 20, timedelta(hours=1)),
        ("sign-in-both", both, 5, timedelta(minutes=15)),
    ]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
