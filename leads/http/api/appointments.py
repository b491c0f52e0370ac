"""`/api/v1/slots` and `/api/v1/appointments`: when a visit can be had, making one, and what became of it."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.idempotency import Answer, once
from leads.accounts.keys import Holder
from leads.appointments.arrive import attended, no_show
from leads.appointments.book import book, confirm, offer
from leads.appointments.cancel import cancel
from leads.appointments.find import get
from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.appointments.slots import Slot, free_slots, outside, slot_at
from leads.audit.trail import record, record_about
from leads.errors import FieldError, Invalid, NotFound, StaleVersion
from leads.http.api.answers import NewerStateProblem
from leads.http.api.appointment_answers import AppointmentDetails, AppointmentList, FreeSlot, SlotList
from leads.http.api.caller import JsonBody, LeadReader, LeadWriter, Repeatable, scoped
from leads.http.api.leads import ETAG, LINK, IfMatch, Limit, version_in
from leads.http.api.moments import Moment
from leads.http.api.refusals import REFUSALS, Answers, NewerState, refusals
from leads.http.transaction import Db
from leads.pipeline.find import by_number, numbers_of
from leads.pipeline.models import Lead

router = APIRouter(prefix="/v1", tags=["Appointments"])

MADE: Answers = {201: {"headers": ETAG[200]["headers"]}}
NEWER: Answers = {409: {"model": NewerStateProblem, "description": REFUSALS[409]}}
Code = Annotated[str | None, Query(max_length=40)]


class Place(BaseModel):
    """When and where: a free slot of a calendar, or, without one, a time you agreed on at an office."""

    model_config = ConfigDict(extra="forbid")

    calendar: str | None = Field(None, max_length=40, examples=["clinician-a"], description="a calendar's code, as the free slots name it")
    office: str | None = Field(None, max_length=40, description="the office's code, for a visit outside of the calendars")
    starts_at: Moment = Field(examples=["2026-12-01T09:00:00-05:00"])

    def slot(self) -> Slot:
        """Return the slot; raises Invalid for codes or times that there are not."""
        if self.calendar is not None:
            return slot_at(self.calendar, self.starts_at)
        if self.office is None:
            words = "Name the calendar whose slot it is, or the office of a visit outside of the calendars."
            raise Invalid(words, errors=(FieldError("calendar", "missing", words),))
        return outside(self.office, self.starts_at)


class NewAppointment(Place):
    """A visit to be booked, or, with `offer`, to be kept until the patient answers."""

    lead: str = Field(max_length=40, examples=["L-000042"])
    offer: bool = False


class Cancellation(BaseModel):
    """Why a visit is cancelled."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1000, description="in words, for colleagues")


@router.get("/slots", summary="List free slots", response_model=SlotList, responses=refusals(422), openapi_extra=scoped("leads:read"))
def list_slots(
    session: Db,
    key: LeadReader,
    office: Code = None,
    calendar: Code = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    limit: Limit = 50,
) -> SlotList:
    """When a visit can be had, the earliest first: after the clinic's notice, and as far ahead as it books."""
    free = free_slots(session, office=office, calendar=calendar, since=since, until=until, limit=limit)
    return SlotList(slots=[FreeSlot.of(slot) for slot in free])


@router.post(
    "/appointments",
    summary="Book or offer a visit",
    status_code=201,
    response_model=AppointmentDetails,
    responses=MADE | refusals(400, 409, 413, 422),
    openapi_extra=scoped("leads:write"),
)
def make_appointment(session: Db, key: LeadWriter, body: JsonBody, asked: NewAppointment, idempotency_key: Repeatable = None) -> Response:
    """Book a visit for a qualified lead, which becomes `booked`; patient and referrer hear of it. A taken slot names the next ones."""

    def act() -> tuple[int, dict[str, Any]]:
        lead = _lead(session, asked.lead)
        verb = offer if asked.offer else book
        visit = verb(session, lead.id, asked.slot(), actor=f"key:{key.id}")
        return 201, AppointmentDetails.of(visit, lead.number).model_dump(mode="json")

    return _answered(once(session, key.id, idempotency_key, b"appointments\n" + body, act))


@router.get(
    "/appointments",
    summary="List visits",
    response_model=AppointmentList,
    responses=LINK | refusals(422),
    openapi_extra=scoped("leads:read"),
)
def list_appointments(
    session: Db,
    key: LeadReader,
    response: Response,
    lead: Annotated[str | None, Query(max_length=40, description="only those of one lead, by its number")] = None,
    since: Annotated[Moment | None, Query(description="only what has changed after this moment")] = None,
    after: Annotated[uuid.UUID | None, Query(description="the id of the last visit of the page before")] = None,
    limit: Limit = 50,
) -> AppointmentList:
    """Visits in the order in which they were made, those of the past too."""
    wanted = [Appointment.lead_id == _lead(session, lead).id] if lead else []
    wanted += [Appointment.changed_at > since] if since else []
    wanted += [Appointment.id > after] if after else []
    found = session.scalars(select(Appointment).where(*wanted).order_by(Appointment.id).limit(limit + 1)).all()
    shown = found[:limit]
    if len(found) > limit:
        asked = {"after": shown[-1].id, "limit": limit} | ({"lead": lead} if lead else {}) | ({"since": since.isoformat()} if since else {})
        response.headers["Link"] = f'<{settings().public_url}/api/v1/appointments?{urlencode(asked)}>; rel="next"'
    record_about(session, "appointments.listed", "appointments", None, actor=f"key:{key.id}", count=len(shown))
    numbers = numbers_of(session, {visit.lead_id for visit in shown})
    return AppointmentList(appointments=[AppointmentDetails.of(visit, numbers[visit.lead_id]) for visit in shown])


@router.get(
    "/appointments/{id}",
    summary="Read one visit",
    response_model=AppointmentDetails,
    responses=ETAG | refusals(404, 422),
    openapi_extra=scoped("leads:read"),
)
def read_appointment(session: Db, key: LeadReader, response: Response, id: uuid.UUID) -> AppointmentDetails:
    """One visit. Each reading is on record."""
    visit = get(session, id)
    record(session, "appointment.read", visit, actor=f"key:{key.id}")
    response.headers["ETag"] = f'"{visit.version}"'
    return _details(session, visit)


@dataclass(frozen=True)
class Change:
    """One write of a visit: by whom, of which, at which version, and sent again or not."""

    session: Session
    key: Holder
    id: uuid.UUID
    version: int
    idempotency_key: str | None


def changed(session: Db, key: LeadWriter, id: uuid.UUID, if_match: IfMatch = None, idempotency_key: Repeatable = None) -> Change:
    """Return the write as it came; raises PreconditionFailed without the version that was read."""
    return Change(session, key, id, version_in(if_match), idempotency_key)


Changed = Annotated[Change, Depends(changed)]


def _write(summary: str, *, sent: bool = False) -> dict[str, Any]:
    """Return the description of an operation that changes one visit; `sent` where it takes a body."""
    told = ETAG | refusals(*((400, 404, 412, 413, 422) if sent else (404, 412, 422))) | NEWER
    return {"summary": summary, "response_model": AppointmentDetails, "responses": told, "openapi_extra": scoped("leads:write")}


@router.post("/appointments/{id}/move", **_write("Move a visit", sent=True))
def move_appointment(change: Changed, body: JsonBody, asked: Place) -> Response:
    """Give a visit another time. Its mails, the patient's calendar and the referrer follow."""
    return _do(change, "move", lambda: move(change.session, change.id, asked.slot(), version=change.version, actor=_actor(change)), body)


@router.post("/appointments/{id}/cancel", **_write("Cancel a visit", sent=True))
def cancel_appointment(change: Changed, body: JsonBody, asked: Cancellation) -> Response:
    """Cancel a visit or take back an offer; a booked lead becomes `qualified` again."""

    def act() -> Appointment:
        return cancel(change.session, change.id, version=change.version, actor=_actor(change), reason=asked.reason)

    return _do(change, "cancel", act, body)


@router.post("/appointments/{id}/confirm", **_write("Confirm a visit"))
def confirm_appointment(change: Changed) -> Response:
    """Write down that the patient comes; an offer becomes a visit by it."""
    return _do(change, "confirm", lambda: confirm(change.session, change.id, version=change.version, actor=_actor(change)))


@router.post("/appointments/{id}/attended", **_write("Say that the patient came"))
def appointment_attended(change: Changed) -> Response:
    """Write down, on the visit's day or later, that the patient came; the lead goes into care."""
    return _do(change, "attended", lambda: attended(change.session, change.id, version=change.version, actor=_actor(change)))


@router.post("/appointments/{id}/no-show", **_write("Say that the patient did not come"))
def appointment_missed(change: Changed) -> Response:
    """Write down that the patient did not come: they are gently invited again, and a colleague calls."""
    return _do(change, "no-show", lambda: no_show(change.session, change.id, version=change.version, actor=_actor(change)))


def _do(change: Change, name: str, verb: Callable[[], Appointment], body: bytes = b"") -> Response:
    """Answer with the visit as it is after the verb; who comes too late is answered with the newer state."""

    def act() -> tuple[int, dict[str, Any]]:
        visit = get(change.session, change.id)
        try:
            return 200, _details(change.session, verb()).model_dump(mode="json")
        except StaleVersion as error:
            change.session.refresh(visit)
            raise NewerState(error.message, _details(change.session, visit)) from None

    what = f"{name}\n{change.id}\n{change.version}\n".encode() + body
    return _answered(once(change.session, change.key.id, change.idempotency_key, what, act))


def _actor(change: Change) -> str:
    return f"key:{change.key.id}"


def _answered(answer: Answer) -> Response:
    headers = {"ETag": f'"{json.loads(answer.text)["version"]}"'}
    return Response(answer.text, answer.status, headers, "application/json")


def _details(session: Session, visit: Appointment) -> AppointmentDetails:
    return AppointmentDetails.of(visit, session.get_one(Lead, visit.lead_id).number)


def _lead(session: Session, number: str) -> Lead:
    try:
        return by_number(session, number)
    except NotFound as error:
        raise Invalid(error.message, errors=(FieldError("lead", "unknown", error.message),)) from None
