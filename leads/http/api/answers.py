"""What the API says, as its OpenAPI document shows it."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from leads.clinic.profile import clinic
from leads.http.api.appointment_answers import AppointmentDetails
from leads.inquiries.receive import Receipt
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.pipeline.stages import actions

ROLES = ("coordinator",)


class InquiryReceived(BaseModel):
    """The inquiry is kept, and this is by when the office answers."""

    id: uuid.UUID
    number: str = Field(examples=["L-000042"], description="the number people say on the phone")
    expected_by: datetime = Field(description="the end of the office's promise, in the office's time zone")

    @classmethod
    def of(cls, receipt: Receipt, office: str | None) -> "InquiryReceived":
        """Return what the sender of an inquiry is told."""
        return cls(id=receipt.id, number=receipt.number, expected_by=receipt.expected_by.astimezone(clinic().office(office).zone))


class LeadSummary(BaseModel):
    """A lead without anything that tells who it is."""

    number: str = Field(examples=["L-000042"])
    id: uuid.UUID
    stage: str
    office: str
    opened_at: datetime
    expected_by: datetime
    reached_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    version: int

    @classmethod
    def of(cls, lead: Lead) -> "LeadSummary":
        """Return a lead as lists show it."""
        return cls(**_columns(lead))


class PersonDetails(BaseModel):
    """Who the lead is about, and how they may be reached."""

    model_config = ConfigDict(from_attributes=True)

    given_name: str | None
    family_name: str | None
    email: str | None
    phone: str | None
    birth_date: str | None
    language: str
    reach_by: str | None
    reach_when: str | None
    safe_voicemail: bool
    safe_email: bool


class NextStep(BaseModel):
    """A stage this lead can move to now, by this key."""

    to: str
    label: str
    needs: list[str] = Field(description="fields the move needs: `outcome`, `reason`")


class LeadDetails(LeadSummary):
    """A lead with the person it is about; each reading of it is on record."""

    person: PersonDetails
    actions: list[NextStep]

    @classmethod
    def about(cls, lead: Lead, person: Person) -> "LeadDetails":
        """Return a lead as its own page shows it."""
        steps = [NextStep(to=each.to, label=each.label, needs=list(each.needs)) for each in actions(lead, ROLES) if each.allowed]
        return cls(**_columns(lead), person=PersonDetails.model_validate(person), actions=steps)


class LeadList(BaseModel):
    """Leads, oldest first; the `Link` header leads to the next ones."""

    leads: list[LeadSummary]


class FieldProblem(BaseModel):
    """One field that cannot be accepted."""

    field: str = Field(examples=["consent.contact"], description="dotted name, as in the request")
    code: str = Field(examples=["missing"])
    message: str


class Problem(BaseModel):
    """Why a request was refused, in words."""

    error: str = Field(description="a code for machines")
    message: str = Field(description="a sentence for people, with the way out")
    errors: list[FieldProblem] = []


class NewerStateProblem(Problem):
    """Somebody was faster: `current` is how the lead or the visit stands now."""

    current: LeadSummary | AppointmentDetails | None = None


def _columns(lead: Lead) -> dict[str, Any]:
    zone = clinic().office(lead.office).zone
    return {name: _shown(getattr(lead, name), zone) for name in LeadSummary.model_fields}


def _shown(value: Any, zone: ZoneInfo) -> Any:
    return value.astimezone(zone).replace(microsecond=0) if isinstance(value, datetime) else value
