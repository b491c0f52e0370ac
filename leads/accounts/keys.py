"""API keys: made, found, listed and revoked; the text is shown once and kept as SHA-256 only."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from leads.accounts.models import SCOPES, ApiKey
from leads.audit.trail import SYSTEM, record
from leads.clock import real_now
from leads.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from leads.round_trips import Statement, together

PREFIX = "wh_"
SHOWN = len(PREFIX) + 6
SHORT_FOR = {"referrals": ("referrals:write", "referrals:read")}


def create_key(
    session: Session, name: str, scopes: Iterable[str], *, practice_id: uuid.UUID | None = None, actor: str = SYSTEM
) -> tuple[ApiKey, str]:
    """Return a new key and its text, which nobody can show again; raises Invalid for a bad name or an unknown scope."""
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise Invalid("A key needs a name of 1 to 80 characters.", errors=(FieldError("name", "length", "1 to 80 characters"),))
    text = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(name=name, hint=text[:SHOWN], hash=_hash(text), scopes=spelled_out(scopes), practice_id=practice_id, created_at=real_now())
    session.add(key)
    session.flush()
    record(session, "key.created", key, actor=actor, scopes=key.scopes)
    return key, text


class Holder(NamedTuple):
    """Whoever holds an API key, and what it opens."""

    id: uuid.UUID
    scopes: Sequence[str]
    practice_id: uuid.UUID | None


# Asked with every request, so made once and answered without a row the session would have to watch.
BY_HASH = Statement.of(
    select(ApiKey.id, ApiKey.scopes, ApiKey.practice_id).where(ApiKey.hash == bindparam("hash"), ApiKey.revoked_at.is_(None))
)


def find_key(session: Session, text: str) -> Holder:
    """Return who holds the key of this text; raises Unauthenticated when it is unknown or revoked, without saying which."""
    [found] = together(session, (BY_HASH, {"hash": _hash(text)}))
    if not found:
        raise Unauthenticated("This API key is not known or was revoked.")
    return Holder(*found[0])


def require(key: ApiKey | Holder, scope: str) -> None:
    """Raise Forbidden, naming the scope, unless the key has it."""
    if scope not in key.scopes:
        raise Forbidden(f"This key lacks the scope {scope}; it has {', '.join(key.scopes)}.", code="missing_scope")


def all_keys(session: Session) -> Sequence[ApiKey]:
    """Return every key, the revoked ones too, oldest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)).all()


def revoke(session: Session, which: str, *, actor: str = SYSTEM) -> ApiKey:
    """Revoke the key of this id, hint or name; raises NotFound, or Conflict where several answer to it."""
    found = session.scalars(select(ApiKey).where(_called(which), ApiKey.revoked_at.is_(None)).limit(2)).all()
    if not found:
        raise NotFound(f"No key in use has the id, hint or name {which}: see `handoff keys list`.")
    # Names need not be unique, and revoking the wrong key cuts off somebody's clinic site.
    if len(found) > 1:
        raise Conflict(f"Several keys are called {which}: give the id that `handoff keys list` shows.")
    found[0].revoked_at = real_now()
    record(session, "key.revoked", found[0], actor=actor)
    return found[0]


def spelled_out(scopes: Iterable[str]) -> list[str]:
    """Return the scopes in their order, each once, short forms written out; raises Invalid naming those that exist."""
    wanted = [each for scope in scopes for each in SHORT_FOR.get(scope, (scope,))]
    unknown = next((scope for scope in wanted if scope not in SCOPES), None)
    if unknown is not None or not wanted:
        words = f"There is no scope {unknown}." if unknown is not None else "A key needs at least one scope."
        known = f"{words} These exist: {', '.join(SCOPES)}; referrals is short for both of its own."
        raise Invalid(known, errors=(FieldError("scope", "unknown", known),))
    return [scope for scope in SCOPES if scope in wanted]


def _called(which: str) -> ColumnElement[bool]:
    by_words = or_(ApiKey.hint == which, ApiKey.name == which)
    try:
        return or_(ApiKey.id == uuid.UUID(which), by_words)
    except ValueError:
        return by_words


def _hash(text: str) -> bytes:
    # A plain hash will do: with 256 random bits there is nothing to guess, and the look-up must be quick.
    return hashlib.sha256(text.encode()).digest()
