"""A scan that names nobody yet: as it came, who brought it in, and what became of it."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.clock import now
from leads.db import Base
from leads.security.fields import Encrypted

# inquiry, referral: it became one, and hangs on it · given: it belongs to a lead that was there · aside: nothing should come of it.
OUTCOMES = ("inquiry", "referral", "given", "aside")


class Scan(Base):
    """A document from paper that could not be given to anybody at once; it waits in a list of its own until `settled_at`.

    One that became a referral is that referral's attachment from then on, and its content is no longer here.
    """

    __tablename__ = "scans"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        Index("ix_scans_waiting", "expected_by", "id", postgresql_where=text("settled_at IS NULL")),
        # The same sheet sent twice by a nervous finger waits once.
        Index("uq_scans_waiting", "fingerprint", unique=True, postgresql_where=text("settled_at IS NULL")),
        Index("ix_scans_aside", "settled_at", "id", postgresql_where=text("outcome = 'aside'")),
        Index("ix_scans_lead", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
    )

    name = Encrypted[str]()
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    # Base64 within the cell: a document is read whole and seldom.
    content = Encrypted[str]()
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    part2: Mapped[bool]

    channel: Mapped[str] = mapped_column(String(20))
    # Who sent it and what it is about, as far as anybody can tell.
    sender = Encrypted[str]()
    note = Encrypted[str]()
    office: Mapped[str] = mapped_column(String(40))
    urgent: Mapped[bool]
    brought_by: Mapped[str] = mapped_column(String(80))
    brought_at: Mapped[datetime]
    expected_by: Mapped[datetime]

    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))
    outcome: Mapped[str | None] = mapped_column(String(20))
    reason = Encrypted[str]()
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("leads.id"))
    referral_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("referrals.id"), index=True)

    @property
    def late(self) -> bool:
        """True when somebody should have decided about it by now."""
        return self.settled_at is None and self.expected_by < now()
