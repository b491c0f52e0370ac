"""Published versions of sequences, and who is enrolled in them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base


class SequenceVersion(Base):
    """A sequence as it was published; never changed, so an enrolment stays on what it began with."""

    __tablename__ = "sequence_versions"
    __table_args__ = (UniqueConstraint("key", "content_hash"), UniqueConstraint("key", "number"))

    key: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    definition: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]


class Enrolment(Base):
    """One lead in one sequence, counted from `anchor_at`; ended by somebody or something, for a reason.

    `next_todo_at` is when the clock must look at it again: a to-do of its plan opens then.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        # The belt to the person's lock in enroll(): two running at once would send every step twice.
        Index("uq_enrolments_running", "lead_id", "sequence_key", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index(None, "person_id"),
        Index("ix_enrolments_of_version", "version_id", "id", postgresql_where=text("ended_at IS NULL")),
        Index(None, "lead_id"),
        Index(None, "sequence_key", "started_at"),
        Index("ix_enrolments_next_todo", "next_todo_at", postgresql_where=text("ended_at IS NULL AND next_todo_at IS NOT NULL")),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sequence_versions.id"))
    sequence_key: Mapped[str] = mapped_column(String(60))
    anchor_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_why: Mapped[str | None] = mapped_column(String(60))
    next_todo_at: Mapped[datetime | None]


class Reply(Base):
    """A person answered, and which of our mails they most likely answered: what a step's variants are judged by."""

    __tablename__ = "replies"
    __table_args__ = (Index(None, "person_id", "at"),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id"), index=True)
    at: Mapped[datetime]
