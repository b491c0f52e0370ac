"""Signed-in browsers: opened, locked when left alone, listed and ended; sessions live in the database and go by real time."""

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from leads.accounts.models import Account, StaffSession
from leads.accounts.second_factor import is_needed
from leads.audit.trail import record, record_about
from leads.clock import real_now
from leads.errors import NotFound
from leads.security.keys import ring

LASTS, IDLE = timedelta(hours=12), timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))


@dataclass(frozen=True)
class Opened:
    """Where a session is opened from, said coarsely: enough to know one's own devices by, too little to follow anybody."""

    agent: str = ""
    address: str = ""

    @property
    def browser(self) -> str:
        """The browser and system in words; unknown ones plainly so."""
        name = next((words for sign, words in BROWSERS if sign in self.agent), "a browser")
        system = next((words for sign, words in SYSTEMS if sign in self.agent), "")
        return f"{name} on {system}" if system else name

    @property
    def place(self) -> str | None:
        """The network without the last parts of the address: a /24 of IPv4, a /48 of IPv6."""
        if re.fullmatch(r"\d+(\.\d+){3}", self.address):
            return self.address.rpartition(".")[0] + ".…"
        return ":".join(self.address.split(":")[:3]) + ":…" if ":" in self.address else None


def open_session(session: Session, account: Account, *, method: str, proved_both: bool = False, opened: Opened | None = None) -> str:
    """Return the secret for the browser's cookie, kept as a hash only; `proved_both` where no second factor need follow."""
    secret, at, here = secrets.token_urlsafe(32), real_now(), opened or Opened()
    row = StaffSession(account_id=account.id, hash=_hash(secret), created_at=at, seen_at=at, expires_at=at + LASTS, method=method)
    row.second_factor_at = at if proved_both else None
    row.browser, row.place = here.browser[:60], here.place
    session.add(row)
    session.flush()
    record(session, "account.signed_in", account, actor=f"account:{account.id}", method=method)
    return secret


def session_of(session: Session, secret: str) -> tuple[Account, StaffSession] | None:
    """Return whose session a cookie carries, locked or not and whatever was proved; None when unknown, ended or over."""
    found = session.execute(
        select(Account, StaffSession)
        .join(StaffSession, StaffSession.account_id == Account.id)
        .where(StaffSession.hash == _hash(secret), *_not_over())
    ).first()
    return (found[0], found[1]) if found else None


def signed_in(session: Session, secret: str, *, by_hand: bool = True) -> tuple[Account, StaffSession] | None:
    """Return whose session a cookie carries, or None: unknown, ended, locked, half proved, or older than twelve hours.

    What a page asks for without anybody's doing (not `by_hand`) does not count as being at work.
    """
    found = session_of(session, secret)
    if found is None or is_locked(found[1]) or is_needed(session, *found):
        return None
    if by_hand:
        touch(found[1])
    return found


def still_open(session: Session, sessions: Collection[uuid.UUID]) -> Set[uuid.UUID]:
    """Return those of these sessions that are neither over nor locked; asking does not count as being at work."""
    at_work = (StaffSession.locked_at.is_(None), StaffSession.seen_at > real_now() - IDLE, *_not_over())
    return set(session.scalars(select(StaffSession.id).join(Account).where(StaffSession.id.in_(sessions), *at_work)))


def is_locked(opened: StaffSession) -> bool:
    """True once a session was locked or left alone for a quarter of an hour; the password opens it again."""
    return opened.locked_at is not None or opened.seen_at <= real_now() - IDLE


def locks_in(opened: StaffSession) -> int:
    """Return in how many seconds a session locks if nothing more is done in it; 0 when it is locked."""
    return 0 if is_locked(opened) else max(1, int((opened.seen_at + IDLE - real_now()).total_seconds()))


def touch(opened: StaffSession) -> None:
    """Note that somebody is at work in a session."""
    # Once a minute is enough for an idle limit of fifteen, and spares a write on every click.
    if opened.seen_at < real_now() - SEEN_EVERY:
        opened.seen_at = real_now()


def lock(session: Session, opened: StaffSession) -> None:
    """Lock a session: it answers nothing until the same account shows its password or passkey again."""
    if opened.locked_at is None:
        opened.locked_at = real_now()
        record_about(session, "account.locked", "accounts", opened.account_id, actor=f"account:{opened.account_id}")


def unlock(session: Session, opened: StaffSession, *, method: str) -> None:
    """Open a locked session again, as the very one it was: its forms on the screen stay good."""
    opened.locked_at, opened.seen_at = None, real_now()
    record_about(session, "account.unlocked", "accounts", opened.account_id, actor=f"account:{opened.account_id}", method=method)


def sign_out(session: Session, secret: str) -> None:
    """End the session a cookie carries; an unknown one changes nothing."""
    opened = session.scalar(select(StaffSession).where(StaffSession.hash == _hash(secret), StaffSession.ended_at.is_(None)))
    if opened is not None:
        opened.ended_at = real_now()
        record_about(session, "account.signed_out", "accounts", opened.account_id, actor=f"account:{opened.account_id}")


def sessions_of(session: Session, account_id: uuid.UUID) -> Sequence[StaffSession]:
    """Return an account's running sessions, the one used last first."""
    running = (StaffSession.account_id == account_id, StaffSession.ended_at.is_(None), StaffSession.expires_at > real_now())
    return session.scalars(select(StaffSession).where(*running).order_by(StaffSession.seen_at.desc(), StaffSession.id)).all()


def revoke(session: Session, account_id: uuid.UUID, session_id: uuid.UUID, *, actor: str) -> None:
    """End one session of an account; raises NotFound when it is none of its running ones."""
    opened = session.get(StaffSession, session_id)
    if opened is None or opened.account_id != account_id or opened.ended_at is not None:
        raise NotFound("This session has ended already.")
    opened.ended_at = real_now()
    record_about(session, "account.session_revoked", "accounts", account_id, actor=actor)


def end_sessions(session: Session, account_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """End an account's sessions, all but one where one is named; returns how many."""
    running = (StaffSession.account_id == account_id, StaffSession.ended_at.is_(None), StaffSession.id.is_distinct_from(but))
    ended = session.scalars(update(StaffSession).where(*running).values(ended_at=real_now()).returning(StaffSession.id)).all()
    return len(ended)


def form_token(secret: str) -> str:
    """Return what every form of a browser must carry: an HMAC of its cookie, so that another site cannot write it."""
    key = ring().derive("tokens", ring().current("tokens"), "console-form")
    return hmac.new(key, _hash(secret), hashlib.sha256).hexdigest()


def _not_over() -> tuple[ColumnElement[bool], ...]:
    return StaffSession.ended_at.is_(None), StaffSession.expires_at > real_now(), Account.disabled_at.is_(None)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
