"""Inquiries as received, and those that tripped a trap and wait for a person."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted


class Inquiry(Base):
    """One submission, kept as it was received."""

    __tablename__ = "inquiries"
    ONLY_WRITTEN = True

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    received = Encrypted[dict[str, Any]]()
    campaign: Mapped[dict[str, Any] | None]
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    received_at: Mapped[datetime]


class QuarantinedInquiry(Base):
    """A submission that looked automated: mails nobody, and a person lets it in or discards it."""

    __tablename__ = "quarantined_inquiries"
    __table_args__ = (Index("ix_quarantined_inquiries_waiting", "received_at", postgresql_where=text("decided_at IS NULL")),)

    why: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(20))
    received = Encrypted[dict[str, Any]]()
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str | None] = mapped_column(String(20))
