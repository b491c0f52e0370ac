"""`/api/v1/leads`: what became of them, one of them, and moving one on."""

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.idempotency import once
from leads.appointments.follow import move_lead as move_with_visit
from leads.audit.trail import record, record_about
from leads.errors import FieldError, Forbidden, Invalid, NotFound, PreconditionFailed, StaleVersion
from leads.http.api.answers import ROLES, LeadDetails, LeadList, LeadSummary, NewerStateProblem
from leads.http.api.caller import JsonBody, LeadReader, LeadWriter, Repeatable, scoped
from leads.http.api.refusals import REFUSALS, Answers, NewerState, refusals
from leads.http.transaction import Db
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.stages import STAGES

router = APIRouter(prefix="/v1", tags=["Leads"])
OURS = re.compile(r'(?:W/)?"(\d{1,9})"')

ETAG: Answers = {200: {"headers": {"ETag": {"description": "the version, for If-Match", "schema": {"type": "string"}}}}}
LINK: Answers = {200: {"headers": {"Link": {"description": 'the next page: `<…>; rel="next"`', "schema": {"type": "string"}}}}}
After = Annotated[str | None, Query(description="the number of the last lead of the page before, such as L-000042")]
Limit = Annotated[int, Query(ge=1, le=200, description="at most so many")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description='required: the ETag you read, such as "3"')]


def _stage(value: str) -> str:
    if value not in STAGES:
        raise PydanticCustomError("unknown_choice", "{words}", {"words": f"Choose one of {', '.join(STAGES)}."})
    return value


class StageMove(BaseModel):
    """Where the lead goes next; `actions` of the lead says what is possible now."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, AfterValidator(_stage)] = Field(json_schema_extra={"enum": list(STAGES)})
    outcome: str | None = Field(None, max_length=40, description="a code; needed to close")
    reason: str | None = Field(None, max_length=1000, description="in words, for colleagues; needed to go back or to reopen")


@router.get("/leads", summary="List leads", response_model=LeadList, responses=LINK | refusals(422), openapi_extra=scoped("leads:read"))
def list_leads(session: Db, key: LeadReader, response: Response, after: After = None, limit: Limit = 50) -> LeadList:
    """Leads, oldest first, without anything that tells who they are."""
    found = session.scalars(select(Lead).where(Lead.serial > _last(session, after)).order_by(Lead.serial).limit(limit + 1)).all()
    shown = found[:limit]
    if len(found) > limit:
        response.headers["Link"] = f'<{settings().public_url}/api/v1/leads?after={shown[-1].number}&limit={limit}>; rel="next"'
    # Numbers and stages are no names, yet who read a whole list at night is asked after a breach.
    record_about(session, "leads.listed", "leads", None, actor=f"key:{key.id}", after=after and after[:20], count=len(shown))
    return LeadList(leads=[LeadSummary.of(lead) for lead in shown])


@router.get(
    "/leads/{number}",
    summary="Read one lead",
    response_model=LeadDetails,
    responses=ETAG | refusals(404, 422),
    openapi_extra=scoped("leads:read"),
)
def read_lead(session: Db, key: LeadReader, response: Response, number: str) -> LeadDetails:
    """One lead and the person it is about. Each reading is on record."""
    lead = by_number(session, number)
    person = session.get_one(Person, lead.person_id)
    # A machine gives no reason that anybody could judge.
    if person.restricted_at is not None:
        raise Forbidden(f"The record behind {lead.number} is restricted: a colleague opens it in the console.", code="restricted")
    record(session, "person.read", person, actor=f"key:{key.id}", lead=lead.number)
    response.headers["ETag"] = f'"{lead.version}"'
    return LeadDetails.about(lead, person)


@router.post(
    "/leads/{number}/stage",
    summary="Move a lead on",
    response_model=LeadSummary,
    responses=ETAG | refusals(400, 404, 412, 413, 422) | {409: {"model": NewerStateProblem, "description": REFUSALS[409]}},
    openapi_extra=scoped("leads:write"),
)
def move_lead(
    session: Db,
    key: LeadWriter,
    body: JsonBody,
    number: str,
    asked: StageMove,
    if_match: IfMatch = None,
    idempotency_key: Repeatable = None,
) -> Response:
    """Move a lead to another stage. A key acts as a coordinator does: what only a clinician may do is refused.

    A lead becomes `booked` with its visit: see appointments. Back to `qualified` cancels the visit, `in_care` says that the patient came.
    """
    version = version_in(if_match)
    lead = by_number(session, number)

    def act() -> tuple[int, dict[str, Any]]:
        return 200, _move(session, lead, asked, version, f"key:{key.id}").model_dump(mode="json")

    answer = once(session, key.id, idempotency_key, f"stage\n{lead.id}\n{version}\n".encode() + body, act)
    headers = {"ETag": f'"{json.loads(answer.text)["version"]}"'}
    return Response(answer.text, answer.status, headers, "application/json")


def _move(session: Session, lead: Lead, asked: StageMove, version: int, actor: str) -> LeadSummary:
    try:
        moved = move_with_visit(
            session, lead.id, asked.to, version=version, actor=actor, roles=ROLES, outcome=asked.outcome, reason=asked.reason
        )
    except StaleVersion as error:
        session.refresh(lead)
        raise NewerState(error.message, LeadSummary.of(lead)) from None
    return LeadSummary.of(moved)


def version_in(if_match: str | None) -> int:
    """Return the version an `If-Match` names; raises PreconditionFailed where it names none of ours."""
    # A proxy that compresses turns our ETag into a weak one: it still names the version that was read.
    found = OURS.fullmatch((if_match or "").strip())
    if found is None:
        raise PreconditionFailed('Send If-Match with the ETag you read, such as If-Match: "3", so that no other change is overwritten.')
    return int(found.group(1))


def _last(session: Session, after: str | None) -> int:
    if after is None:
        return 0
    try:
        return by_number(session, after).serial
    except NotFound as error:
        raise Invalid(error.message, errors=(FieldError("after", "unknown", error.message),)) from None
