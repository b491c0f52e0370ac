"""`POST /api/v1/inquiries`: a clinic's site or a partner hands on what a person wrote."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from leads.accounts.idempotency import once
from leads.db import transaction
from leads.http.api.answers import InquiryReceived
from leads.http.api.caller import Held, RawBody, caller, read, scoped, sent
from leads.http.api.refusals import refusals
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
    openapi_extra=scoped("inquiries:write") | sent(Submission),
)
def receive_inquiry(request: Request, held: Held, body: RawBody, idempotency_key: Repeatable = None) -> Response:
    """Hand on an inquiry. When 201 comes it is kept, and the person hears from the office by `expected_by`."""
    # From the key to the commit in one thread: to hand the work to another takes as long each time as to plan a sequence.
    with transaction() as session:
        key = caller(request, session, held, "inquiries:write")
        asked = read(Submission, request, body)

        def act() -> tuple[int, dict[str, Any]]:
            receipt = receive(session, asked, Arrival("api", api_key_id=key.id, actor=f"key:{key.id}"))
            return 201, InquiryReceived.of(receipt, asked.office).model_dump(mode="json")

        answer = once(session, key.id, idempotency_key, b"inquiries\n" + body, act)
    request.app.state.nudge()
    return Response(answer.text, answer.status, media_type="application/json")
