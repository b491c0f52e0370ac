"""Appointments, what happened to each, and stretches of a calendar that are blocked."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

STATES = ("offered", "booked", "cancelled", "attended", "no_show")
LIVE = ("offered", "booked")


class Appointment(Base):
    """One visit of one lead; `version` rises with every write, `ics_sequence` with what a patient's calendar must hear of.

    A `calendar` is a clinician's at an office, by its code in clinic.yml; None for a visit that was agreed outside of them.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("starts_at < ends_at", name="in_order"),
        # The belt: book() looks for overlaps behind a lock, and this holds even against code that forgot to.
        Index("uq_appointments_slot", "calendar", "starts_at", unique=True, postgresql_where=text(f"state IN {LIVE}")),
        # One journey, one visit ahead: a second one would be reminded of as well.
        Index("uq_appointments_live", "lead_id", unique=True, postgresql_where=text(f"state IN {LIVE}")),
        Index("ix_appointments_offers", "offered_until", postgresql_where=text("state = 'offered'")),
        Index(None, "lead_id", "starts_at"),
        Index(None, "office", "starts_at"),
        Index(None, "changed_at", "id"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"))
    office: Mapped[str] = mapped_column(String(40))
    calendar: Mapped[str | None] = mapped_column(String(40))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    ics_sequence: Mapped[int]
    offered_until: Mapped[datetime | None]
    booked_by: Mapped[str | None] = mapped_column(String(80))
    booked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    reason = Encrypted[str]()
    changed_at: Mapped[datetime]

    @property
    def is_live(self) -> bool:
        """True while the visit may still take place."""
        return self.state in LIVE


class AppointmentEvent(Base):
    """One thing that happened to an appointment: what, by whom, when; `details` holds times and codes only."""

    __tablename__ = "appointment_events"
    ONLY_WRITTEN = True

    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id"), index=True)
    event: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    version: Mapped[int]
    details: Mapped[dict[str, Any]]


class CalendarBlock(Base):
    """A stretch of a calendar in which nobody is offered a visit, until somebody lifts it."""

    __tablename__ = "calendar_blocks"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="in_order"),
        Index("ix_calendar_blocks_in_force", "calendar", "ends_at", postgresql_where=text("lifted_at IS NULL")),
    )

    calendar: Mapped[str] = mapped_column(String(40))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason = Encrypted[str]()
    blocked_by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(80))
