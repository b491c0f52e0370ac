"""Mail that came in: as it came, what it was taken for, and whose it is."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

# waiting: to be read by the clock · done: something came of it · ignored: nothing should, `reason` says why ·
# unmatched: a colleague says whose it is · failed: reading it failed again and again, a colleague looks at it.
STATES = ("waiting", "done", "ignored", "unmatched", "failed")


class InboundMail(Base):
    """One mail to one address of ours; the same mail brought again is the same row.

    `kind` is what it was taken for: bounce, deferral, delivery, complaint, out-of-office, reply, opt-out, referrer, automatic.
    """

    __tablename__ = "inbound_mails"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_inbound_mails_waiting", "look_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_inbound_mails_open", "urgent", "received_at", postgresql_where=text("state IN ('unmatched', 'failed')")),
        Index("ix_inbound_mails_lead", "lead_id", "received_at", postgresql_where=text("lead_id IS NOT NULL")),
        Index("ix_inbound_mails_kept", "handled_at", postgresql_where=text("raw IS NOT NULL")),
    )

    # Of recipient, author, date, Message-ID and body, keyed: what brings a mail again may have put other headers on top.
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    sender = Encrypted[str]()
    recipient = Encrypted[str]()
    # Base64 within the cell: a mail may hold any octet.
    raw = Encrypted[str]()
    size: Mapped[int]
    received_at: Mapped[datetime]

    state: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(60))
    urgent: Mapped[bool]
    tries: Mapped[int]
    look_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[str | None] = mapped_column(String(80))

    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("leads.id"))
    referral_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("referrals.id"))
    # Subject, author, text, what they wrote themselves, names of attachments: what a colleague sees.
    said = Encrypted[dict[str, Any]]()
