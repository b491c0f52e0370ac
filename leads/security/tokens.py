"""Links that carry a right: 256 bits, stored as a hash, one purpose each; GET never acts on them."""

import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import ForeignKey, LargeBinary, String, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from leads.clock import real_now
from leads.db import Base, new_id
from leads.errors import NotFound
from leads.security.keys import ring, signed

Purpose = Literal["confirm", "unsubscribe", "preferences", "referrer", "screening", "visit", "sign_in", "invitation"]
CONFIRM_FOR = timedelta(days=14)
STATUS_FOR = timedelta(days=90)
SIGN_IN_FOR = timedelta(minutes=10)
SCREENING_FOR = timedelta(days=14)
INVITATION_FOR = timedelta(days=3)
# From the visit on; and, for a mail that goes out when the visit is over, from the mail on.
VISIT_FOR = timedelta(days=1)
REBOOK_FOR = timedelta(days=14)


class Token(Base):
    """A link that was given out: whose it is, what it may do and until when."""

    __tablename__ = "tokens"

    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id"))
    topic: Mapped[str | None] = mapped_column(String(40))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Grant:
    """What a link stands for."""

    purpose: Purpose
    person_id: uuid.UUID | None = None
    message_id: uuid.UUID | None = None
    topic: str | None = None
    expires_at: datetime | None = None


def derive(purpose: Purpose, seed: uuid.UUID) -> str:
    """Return the link text for a purpose and seed: the same each time a mail is rendered, yet kept nowhere."""
    # Derived, not drawn: a mail that is rendered again after a crash must carry the very link its first rendering carried.
    return _link(ring().derive("tokens", ring().current("tokens"), purpose), seed.bytes)


# A mail's links are said when it is rendered, and once more when they begin to work.
@lru_cache(maxsize=512)
def _link(key: bytes, seed: bytes) -> str:
    return base64.urlsafe_b64encode(signed(key, seed)).rstrip(b"=").decode()


class Right(NamedTuple):
    """A link and what it stands for; the same seed always gives the same link."""

    seed: uuid.UUID
    grant: Grant


# A row each, so that the same statement serves one link by hand and the two or three that go with a mail.
ISSUE = insert(Token).on_conflict_do_nothing(index_elements=["hash"])


def issue(session: Session, seed: uuid.UUID, grant: Grant) -> str:
    """Record the right and return the link text; issuing the same seed again changes nothing."""
    session.connection().execute(ISSUE, row_of(Right(seed, grant)))
    return derive(grant.purpose, seed)


def row_of(right: Right) -> dict[str, Any]:
    """Return what ISSUE is asked with."""
    grant = right.grant
    return {
        "id": new_id(),
        "hash": _hash(derive(grant.purpose, right.seed)),
        "purpose": grant.purpose,
        "person_id": grant.person_id,
        "message_id": grant.message_id,
        "topic": grant.topic,
        "issued_at": real_now(),
        "expires_at": grant.expires_at,
        "used_at": None,
    }


def read(session: Session, purpose: Purpose, text: str) -> Token:
    """Return the token behind a link; raises NotFound when unknown, of another purpose, or expired."""
    # Unknown, expired and meant for another purpose are answered alike: a guess must not teach which links exist.
    token = session.scalar(select(Token).where(Token.hash == _hash(text), Token.purpose == purpose))
    if token is None or (token.expires_at is not None and token.expires_at < real_now()):
        raise no_such_link()
    return token


def use(session: Session, purpose: Purpose, text: str) -> Token:
    """Use up a link that is good once and return its token; raises NotFound as `read` does, and where it was used before."""
    at = real_now()
    lives = or_(Token.expires_at.is_(None), Token.expires_at >= at)
    unused = (Token.hash == _hash(text), Token.purpose == purpose, Token.used_at.is_(None), lives)
    # One statement, not a look and a write: of two browsers that press the button at once only one may come in.
    token: Token | None = session.scalar(update(Token).where(*unused).values(used_at=at).returning(Token))
    if token is None:
        raise no_such_link()
    return token


def no_such_link() -> NotFound:
    """Return the one answer to every link that opens nothing."""
    return NotFound("This link is not valid any more. Please call the office.", code="link_expired")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
