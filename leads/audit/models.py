"""The audit trail's tables; a trigger refuses every UPDATE and DELETE on both."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base


class AuditEntry(Base):
    """One thing that happened; `detail` holds codes and ids, never health information."""

    __tablename__ = "audit_entries"
    ONLY_WRITTEN = True
    __table_args__ = (Index(None, "subject_id", "at"), Index(None, "actor", "id"))

    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID | None]
    detail: Mapped[dict[str, Any]]


class AuditSeal(Base):
    """The link of one entry in the chain: HMAC over the entry and the seal before it."""

    __tablename__ = "audit_seals"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=False), unique=True)
    entry_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_entries.id"), unique=True)
    key_version: Mapped[int]
    mac: Mapped[bytes] = mapped_column(LargeBinary)
