"""Staff accounts, their sessions, API keys, idempotency and the counters that throttle."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

ROLES = ("coordinator", "clinician", "supervisor", "reviewer", "administrator", "auditor")
SCOPES = ("inquiries:write", "referrals:write", "referrals:read", "leads:read", "leads:write", "fhir")


class Account(Base):
    """A member of staff; one account may hold several roles."""

    __tablename__ = "accounts"

    email = Encrypted[str]()
    email_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name = Encrypted[str]()
    # None until an invitation is accepted, and for whoever comes in by the clinic's own sign-in only.
    password_hash: Mapped[str | None] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    totp_secret = Encrypted[str]()
    totp_confirmed_at: Mapped[datetime | None]
    # The 30-second step of the last code taken: the same code never counts twice.
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    oidc_subject: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)


class Desk(Base):
    """An office's own mailbox, as config/clinic.yml names it: who is told when there is nobody else to tell."""

    __tablename__ = "desks"

    office: Mapped[str] = mapped_column(String(40), unique=True)
    email = Encrypted[str]()
    email_index: Mapped[bytes] = mapped_column(LargeBinary)


class StaffSession(Base):
    """One signed-in browser: its cookie's hash, what was proved, and until when it lasts (real time)."""

    __tablename__ = "staff_sessions"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    method: Mapped[str] = mapped_column(String(20), server_default="password")
    second_factor_at: Mapped[datetime | None]
    browser: Mapped[str | None] = mapped_column(String(60))
    place = Encrypted[str]()


class Attempt(Base):
    """Something counted to keep it from being done too often: a sign-in, a submission, a mail asked for by a form (real time)."""

    __tablename__ = "attempts"
    ONLY_WRITTEN = True
    __table_args__ = (Index(None, "kind", "key", "at"),)

    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class ApiKey(Base):
    """A machine that may write or read; the key itself is kept as SHA-256 only."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(80))
    hint: Mapped[str] = mapped_column(String(12))
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(30)))
    practice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("practices.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IdempotentAnswer(Base):
    """What a key holder was answered under an `Idempotency-Key`, kept 7 days with the hash of the body."""

    __tablename__ = "idempotent_answers"
    ONLY_WRITTEN = True
    __table_args__ = (UniqueConstraint("key_id", "idempotency_key"),)

    key_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_keys.id"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]
