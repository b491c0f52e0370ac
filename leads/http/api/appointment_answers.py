"""What the API says about visits and free slots."""

import uuid
from datetime import datetime

from pydantic import BaseModel, Field

from leads.appointments.models import STATES, Appointment
from leads.appointments.slots import Slot
from leads.clinic.profile import clinic


class FreeSlot(BaseModel):
    """A time at which a visit can be had."""

    office: str = Field(examples=["new-haven"])
    calendar: str | None = Field(examples=["clinician-a"])
    starts_at: datetime = Field(examples=["2026-12-01T09:00:00-05:00"], description="in the office's time zone")
    ends_at: datetime = Field(examples=["2026-12-01T10:00:00-05:00"])

    @classmethod
    def of(cls, slot: Slot) -> "FreeSlot":
        """Return a slot by the clock of its office."""
        zone = clinic().office(slot.office).zone
        return cls(
            office=slot.office, calendar=slot.calendar, starts_at=slot.starts_at.astimezone(zone), ends_at=slot.ends_at.astimezone(zone)
        )


class SlotList(BaseModel):
    """Free slots, the earliest first."""

    slots: list[FreeSlot]


class AppointmentDetails(BaseModel):
    """A visit; who it is stands on its lead."""

    id: uuid.UUID
    lead: str = Field(examples=["L-000042"])
    office: str
    calendar: str | None = Field(description="None for a visit that was agreed outside of the calendars")
    starts_at: datetime = Field(description="in the office's time zone")
    ends_at: datetime
    state: str = Field(json_schema_extra={"enum": list(STATES)})
    offered_until: datetime | None
    booked_at: datetime | None
    confirmed_at: datetime | None = Field(description="when the patient said yes to this time")
    ended_at: datetime | None
    changed_at: datetime
    version: int

    @classmethod
    def of(cls, visit: Appointment, lead: str) -> "AppointmentDetails":
        """Return a visit of the lead with this number."""
        zone = clinic().office(visit.office).zone
        shown = {name: getattr(visit, name) for name in cls.model_fields if name != "lead"}
        times = {name: at.astimezone(zone).replace(microsecond=0) for name, at in shown.items() if isinstance(at, datetime)}
        return cls(lead=lead, **shown | times)


class AppointmentList(BaseModel):
    """Visits in the order in which they were made; the `Link` header leads to the next ones."""

    appointments: list[AppointmentDetails]
