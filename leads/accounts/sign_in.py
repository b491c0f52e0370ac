"""Signing in by address and password: throttled, and the same answer for every account, known or not."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts import throttle
from leads.accounts.models import Account, StaffSession
from leads.accounts.passwords import LONGEST, agrees, is_outdated, scramble
from leads.accounts.sessions import Opened, open_session, unlock
from leads.accounts.staff import account_index
from leads.audit.trail import record_about

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


def sign_in(session: Session, email: str, password: str, *, source: bytes, opened: Opened | None = None) -> SignedIn | Refused:
    """Open a session, or say why not; a refusal is returned, never raised, so that its count is committed.

    Where a second factor is needed the session is good for nothing else until it is shown.
    """
    account = prove(session, email, password, source=source)
    if isinstance(account, Refused):
        return account
    return SignedIn(account, open_session(session, account, method="password", opened=opened))


def unlock_by_password(session: Session, account: Account, opened: StaffSession, password: str, *, source: bytes) -> Refused | None:
    """Open a locked session again for the account it belongs to, or say why not."""
    proved = prove(session, account.email or "", password, source=source)
    if isinstance(proved, Refused):
        return proved
    unlock(session, opened, method="password")
    return None


def prove(session: Session, email: str, password: str, *, source: bytes) -> Account | Refused:
    """Return the account that address and password belong to, or why not; wrong ones are counted."""
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
    if account.password_hash and is_outdated(account.password_hash):
        account.password_hash = scramble(password)
    return account


def _limits(index: bytes, source: bytes) -> list[tuple[str, bytes, int, timedelta]]:
    both = hashlib.sha256(index + source).digest()
    # Always in this order: each takes a lock, and two sign-ins that take them crosswise would wait for each other.
    return [
        ("sign-in-source", source, 100, timedelta(hours=1)),
        ("sign-in-account", index, 20, timedelta(hours=1)),
        ("sign-in-both", both, 5, timedelta(minutes=15)),
    ]
