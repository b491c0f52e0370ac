"""Keeping things from being done too often: counted in the database, by real time."""

from datetime import timedelta
from typing import Any

from sqlalchemy import DateTime, LargeBinary, String, bindparam, func, select
from sqlalchemy.orm import Session

from leads.accounts.models import Attempt
from leads.clock import real_now
from leads.db import lock
from leads.errors import TooMany

# A mail to an address that somebody typed into one of our public forms, whichever.
FORM_MAIL = "form-mail"
SEEN = select(func.count()).where(
    Attempt.kind == bindparam("kind", type_=String()),
    Attempt.key == bindparam("key", type_=LargeBinary()),
    Attempt.at > bindparam("since", type_=DateTime(timezone=True)),
)
# How many there were of late, and how many with those before.
SEEN_OF_LATE = SEEN.with_only_columns(func.count().filter(Attempt.at > bindparam("lately", type_=DateTime(timezone=True))), func.count())


def count(session: Session, kind: str, key: bytes, *, limit: int, within: timedelta) -> None:
    """Count one more of `kind` for `key`; raises TooMany when `limit` of them lie within the last `within`."""
    if not has_room(session, kind, key, limit=limit, within=within):
        raise TooMany("That was too often. Please wait a little, or call the office.", retry_after=_wait(session, kind, key, within))
    note(session, kind, key)


def note(session: Session, kind: str, key: bytes) -> None:
    """Count one more of `kind` for `key`, whatever there were."""
    # By the wall's clock: a stretched one would forget a flood within seconds.
    session.add(Attempt(kind=kind, key=key, at=real_now()))


def has_room(session: Session, kind: str, key: bytes, *, limit: int, within: timedelta) -> bool:
    """True while fewer than `limit` were counted within the last `within`; holds the key until the transaction ends."""
    # Counting and noting are two statements: without the lock, requests that come at once would all see room.
    lock(session, kind, key)
    return session.scalars(SEEN, seen(kind, key, within)).one() < limit


def seen(kind: str, key: bytes, within: timedelta) -> dict[str, Any]:
    """Return what SEEN is asked with, by whoever holds the key's lock."""
    return {"kind": kind, "key": key, "since": real_now() - within}


def seen_of_late(kind: str, key: bytes, lately: timedelta, within: timedelta) -> dict[str, Any]:
    """Return what SEEN_OF_LATE is asked with, by whoever holds the key's lock."""
    return {**seen(kind, key, within), "lately": real_now() - lately}


def _wait(session: Session, kind: str, key: bytes, within: timedelta) -> int:
    since = real_now() - within
    oldest = session.scalar(select(func.min(Attempt.at)).where(Attempt.kind == kind, Attempt.key == key, Attempt.at > since))
    return max(1, int(((oldest or real_now()) + within - real_now()).total_seconds()))
