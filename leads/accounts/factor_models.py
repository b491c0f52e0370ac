"""What proves that a member of staff is who they say: recovery codes, passkeys, and what a proof under way must remember."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted


class RecoveryCode(Base):
    """One of ten codes for the day the phone is lost; good once, kept as a keyed hash."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key in somebody's device or password manager (WebAuthn); only its public half is here."""

    __tablename__ = "passkeys"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    name = Encrypted[str]()
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Ceremony(Base):
    """What a proof under way must remember, such as a challenge: bound to one browser, taken once, for minutes (real time)."""

    __tablename__ = "ceremonies"

    kind: Mapped[str] = mapped_column(String(20))
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kept = Encrypted[dict[str, Any]]()
    expires_at: Mapped[datetime]
