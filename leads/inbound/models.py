"""What came back, as it came, and each event in it with what was made of it."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.messages.carriers.events import KINDS
from leads.security.fields import Encrypted


class Notice(Base):
    """One notification as a carrier sent it, or a report as a mail server did; `trouble` says why nothing could be read from it."""

    __tablename__ = "mail_notices"
    __table_args__ = (Index(None, "received_at"),)

    carrier: Mapped[str] = mapped_column(String(20))
    raw = Encrypted[str]()
    received_at: Mapped[datetime]
    trouble: Mapped[str | None] = mapped_column(String(40))


class KeptEvent(Base):
    """One event: what it says, when it is looked at next, and what was made of it; told again it stays one row."""

    __tablename__ = "mail_events"
    __table_args__ = (
        UniqueConstraint("carrier", "provider_id"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("ix_mail_events_waiting", "look_at", postgresql_where=text("applied_at IS NULL")),
        Index(None, "message_id"),
    )

    carrier: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    # No foreign key: it may name a message of another system, or one a restore has not brought back.
    message_id: Mapped[uuid.UUID | None]
    status: Mapped[str | None] = mapped_column(String(12))
    address = Encrypted[str]()
    detail = Encrypted[str]()
    notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("mail_notices.id"))
    received_at: Mapped[datetime]
    look_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
