"""Alarms, the pages that went out for them, calls to a pager service, and the tests of who is on call."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base


class Alarm(Base):
    """A disclosure somebody must take: how many steps were taken to reach them, when the next is due, and who took it.

    `ended_at` is set where a clinician released the hold before anybody pressed the button.
    """

    __tablename__ = "safety_alarms"
    __table_args__ = (
        Index("ix_safety_alarms_due", "next_at", postgresql_where=text("taken_at IS NULL AND ended_at IS NULL")),
        # Two disclosures of one moment are one alarm: nobody is paged twice over.
        Index("uq_safety_alarms_open", "lead_id", unique=True, postgresql_where=text("taken_at IS NULL AND ended_at IS NULL")),
        Index(None, "lead_id", "raised_at"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"))
    source: Mapped[str] = mapped_column(String(40))
    raised_at: Mapped[datetime]
    step: Mapped[int]
    next_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]


class Page(Base):
    """One mail of one step: to somebody on the roster, or to an office's own address."""

    __tablename__ = "safety_pages"
    # A page has an account or a desk, and PostgreSQL holds two NULLs for different unless it is told otherwise.
    __table_args__ = (UniqueConstraint("alarm_id", "step", "account_id", "desk_id", postgresql_nulls_not_distinct=True),)

    alarm_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("safety_alarms.id"))
    step: Mapped[int]
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    desk_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("desks.id"))
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id"))
    at: Mapped[datetime]


class PagerCall(Base):
    """One step's call to the pager service, until it was taken or given up; of a test where there is no alarm (due by real time)."""

    __tablename__ = "pager_calls"
    __table_args__ = (
        # Here the NULL of a test is meant to differ: each test calls the service again.
        UniqueConstraint("alarm_id", "step"),
        Index("ix_pager_calls_due", "due_at", postgresql_where=text("ended_at IS NULL")),
    )

    alarm_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("safety_alarms.id"))
    step: Mapped[int]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int]
    last: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    taken: Mapped[bool | None]


class ContactTest(Base):
    """A test page to one of us; that it was answered, through the link it carried, proves that a page reaches them."""

    __tablename__ = "contact_tests"
    __table_args__ = (Index(None, "account_id", "answered_at"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id"))
    sent_at: Mapped[datetime]
    sent_by: Mapped[str] = mapped_column(String(80))
    answered_at: Mapped[datetime | None]
