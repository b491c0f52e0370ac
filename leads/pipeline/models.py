"""Leads, what each of them needs, their stage changes, and notes."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

# What the lists can be narrowed by.
CHOSEN_BY = ["office", "stage", "source", "assigned_to"]


class Lead(Base):
    """One journey of a person through the pipeline; `version` rises with every write."""

    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_open_due", "expected_by", "id", postgresql_where=text("closed_at IS NULL")),
        Index(None, "person_id"),
        Index(None, "opened_at"),
        Index(
            "ix_leads_promised",
            "expected_by",
            "id",
            postgresql_where=text("closed_at IS NULL AND reached_at IS NULL AND promise_told_at IS NULL"),
        ),
        Index("ix_leads_closed", "closed_at", "id", postgresql_where=text("closed_at IS NOT NULL")),
    )

    serial: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    stage: Mapped[str] = mapped_column(String(20))
    office: Mapped[str] = mapped_column(String(40))
    interest = Encrypted[str]()
    source: Mapped[str] = mapped_column(String(20))
    for_whom: Mapped[str] = mapped_column(String(20))
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    opened_at: Mapped[datetime]
    expected_by: Mapped[datetime]
    reached_at: Mapped[datetime | None]
    # When the supervisors were told that nobody called by `expected_by`; a promise is told of once.
    promise_told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    first_closed_at: Mapped[datetime | None]
    first_outcome: Mapped[str | None] = mapped_column(String(40))
    # The lead that goes on for both, where two were one person's: its number leads there.
    joined_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("leads.id"))
    version: Mapped[int]

    @property
    def number(self) -> str:
        """The number people say on the phone."""
        return number(self.serial)


def number(serial: int) -> str:
    """Return what people say on the phone for a serial: L-000042."""
    return f"L-{serial:06d}"


class Standing(Base):
    """What an open lead (the `id` is the lead's) needs, as far as no clock decides it; triggers keep it, and nothing else writes it.

    The need is `call-now` as soon as `call_at` is near, `today` once `act_at` falls on this day, else `need`; due then, or at `due_at`.
    """

    __tablename__ = "standings"
    __table_args__ = (
        # Each holds what a list asks of a lead beside its order: to count it, or to pass it over, the lead itself is not looked up.
        Index("ix_standings_need", "need", "due_at", "id", postgresql_include=["call_at", "act_at", *CHOSEN_BY]),
        Index(
            "ix_standings_idle",
            "need",
            "due_at",
            "id",
            postgresql_where=text("call_at IS NULL AND act_at IS NULL"),
            postgresql_include=CHOSEN_BY,
        ),
        Index(
            "ix_standings_call", "call_at", "id", postgresql_where=text("call_at IS NOT NULL"), postgresql_include=["act_at", *CHOSEN_BY]
        ),
        Index(
            "ix_standings_act",
            "act_at",
            "id",
            postgresql_where=text("act_at IS NOT NULL AND (call_at IS NULL OR act_at < call_at)"),
            postgresql_include=["call_at", *CHOSEN_BY],
        ),
        Index(
            "ix_standings_called",
            "act_at",
            "id",
            postgresql_where=text("act_at IS NOT NULL AND act_at >= call_at"),
            postgresql_include=["call_at", *CHOSEN_BY],
        ),
        Index("ix_standings_stage", "stage", "due_at", "id", postgresql_include=["office", "source", "assigned_to"]),
        Index("ix_standings_mine", "assigned_to", postgresql_where=text("assigned_to IS NOT NULL")),
    )

    need: Mapped[str] = mapped_column(String(20))
    call_at: Mapped[datetime | None]
    act_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    held: Mapped[bool]
    confirmed: Mapped[bool]
    office: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    assigned_to: Mapped[uuid.UUID | None]


class SavedView(Base):
    """A worklist with filters that somebody comes back to: its name, and the query of its address; removed, it can be taken back."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("account_id", "query"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    name = Encrypted[str]()
    query: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Deed(Base):
    """Something a member of staff did a moment ago and can take back; `details` names rows and versions only.

    `stood` is what only words say, such as the name a view had, and is forgotten once nothing takes it back any more.
    """

    __tablename__ = "deeds"
    __table_args__ = (
        Index(None, "at"),
        Index("ix_deeds_stood", "at", postgresql_where=text("stood IS NOT NULL")),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]]
    stood = Encrypted[dict[str, Any]]()
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class FurtherNumber(Base):
    """One more number a lead answers to: that of an inquiry which joined it."""

    __tablename__ = "further_numbers"

    serial: Mapped[int] = mapped_column(BigInteger, unique=True)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"), index=True)


class StageChange(Base):
    """One move of a lead from stage to stage: who, when and why."""

    __tablename__ = "stage_changes"
    __table_args__ = (Index("ix_stage_changes_taken_back", "takes_back", unique=True, postgresql_where=text("takes_back IS NOT NULL")),)
    ONLY_WRITTEN = True

    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"), index=True)
    from_stage: Mapped[str | None] = mapped_column(String(20))
    to_stage: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(40))
    reason = Encrypted[str]()
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    # The move that this one takes back: both are history, and no report counts the first.
    takes_back: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stage_changes.id"))


class Note(Base):
    """What a member of staff wrote about a lead, for colleagues only."""

    __tablename__ = "notes"

    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"), index=True)
    text = Encrypted[str]()
    kind: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    # Written by mistake: it stays in the history, marked so.
    taken_back_at: Mapped[datetime | None]
