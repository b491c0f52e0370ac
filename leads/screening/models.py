"""Screenings, each page that was saved, and each try to open one."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.clock import real_now
from leads.db import Base
from leads.security.fields import Encrypted

CHANNELS = ("link", "phone")


class Screening(Base):
    """One filling-in of the questionnaire by one person: what was asked (`version`), by which way, and what it came to."""

    __tablename__ = "screenings"
    __table_args__ = (
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        # Two devices that begin at the same moment go on with one and the same.
        Index("uq_screenings_open", "lead_id", unique=True, postgresql_where=text("submitted_at IS NULL AND ended_at IS NULL")),
        Index(None, "person_id", "submitted_at"),
        Index("ix_screenings_unreviewed", "submitted_at", postgresql_where=text("submitted_at IS NOT NULL AND reviewed_at IS NULL")),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"))
    questionnaire: Mapped[str] = mapped_column(String(40))
    definition: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(5))
    channel: Mapped[str] = mapped_column(String(10))
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]
    # Given up unsent: it expired, or another was begun in its place.
    ended_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    # Whether the safety items were asked to the end: without anybody on call they are not.
    staffed: Mapped[bool | None]
    finding: Mapped[str | None] = mapped_column(String(20))
    result = Encrypted[dict[str, Any]]()
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(String(80))
    version: Mapped[int]

    @property
    def is_open(self) -> bool:
        """True while it can be gone on with (real time)."""
        return self.submitted_at is None and self.ended_at is None and self.expires_at >= real_now()


class ScreeningAnswers(Base):
    """One page as it was saved; saved again, it is another row, and the newest counts."""

    __tablename__ = "screening_answers"
    ONLY_WRITTEN = True
    __table_args__ = (Index(None, "screening_id", "saved_at"),)

    screening_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("screenings.id"))
    page: Mapped[str] = mapped_column(String(40))
    answers = Encrypted[dict[str, Any]]()
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(80))


class ScreeningTry(Base):
    """One try to open the form with a detail of the person's; five wrong ones close the link."""

    __tablename__ = "screening_tries"
    ONLY_WRITTEN = True

    token_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tokens.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
