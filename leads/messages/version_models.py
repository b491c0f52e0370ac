"""Each version of each e-mail that was ever looked at or sent, and what reviewers said of it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base


class TemplateVersion(Base):
    """One edition of an e-mail as it was written, with all it takes to render it again; kept for good."""

    __tablename__ = "template_versions"
    __table_args__ = (UniqueConstraint("name", "language", "version"),)

    name: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    version: Mapped[str] = mapped_column(String(64))
    sources: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class TemplateReview(Base):
    """One version put before a reviewer, and their verdict: who, when, on which facts, until when it holds."""

    __tablename__ = "template_reviews"
    __table_args__ = (
        CheckConstraint("decided_by <> submitted_by", name="two_people"),
        CheckConstraint("(verdict IS NULL) = (decided_by IS NULL)", name="decided_by_somebody"),
        CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),
        Index("uq_template_reviews_open", "version_id", unique=True, postgresql_where=text("verdict IS NULL")),
        Index("ix_template_reviews_in_force", "version_id", postgresql_where=text("verdict = 'approved' AND withdrawn_at IS NULL")),
    )

    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("template_versions.id"))
    submitted_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    submitted_at: Mapped[datetime]
    verdict: Mapped[str | None] = mapped_column(String(10))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    words: Mapped[str | None] = mapped_column(String(2000))
    # The facts as they stood in config/facts.yml when they were looked at.
    claims: Mapped[list[Any]]
    expires_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    # When colleagues were told that it has run out; they are told once.
    told_at: Mapped[datetime | None]
