"""`POST /api/v1/inquiries`: a clinic's site or a partner hands on what a person wrote."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from leads.accounts.idempotency import once
from leads.db import commit_now
from leads.http.api.answers import InquiryReceived
from leads.http.api.caller import InquiryWriter, JsonBody, scoped
from leads.http.api.refusals import refusals
from leads.http.transaction import Db
from leads.inquiries.receive import Arrival, receive
from leads.inquiries.submission import Submission

router = APIRouter(prefix="/v1", tags=["Inquiries"])

Repeatable = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="any text of your own, kept 7 days: the same request again gets the same answer, another body 409",
    ),
]


@router.post(
    "/inquiries",
    summary="Hand on an inquiry",
    status_code=201,
    response_model=InquiryReceived,
    responses=refusals(400, 409, 413, 422),
    openapi_extra=scoped("inquiries:write"),
)
def receive_inquiry(session: Db, key: InquiryWriter, body: JsonBody, asked: Submission, idempotency_key: Repeatable = None) -> Response:
    """Hand on an inquiry. When 201 comes it is kept, and the person hears from the office by `expected_by`."""

    def act() -> tuple[int, dict[str, Any]]:
        receipt = receive(session, asked, Arrival("api", api_key_id=key.id, actor=f"key:{key.id}"))
        return 201, InquiryReceived.of(receipt, asked.office).model_dump(mode="json")

    answer = once(session, key.id, idempotency_key, b"inquiries\n" + body, act)
    # In the thread that did it: to hand the commit to another takes as long as to plan a sequence.
    commit_now(session)
    return Response(answer.text, answer.status, media_type="application/json")
