"""`POST /api/v1/inquiries`: a clinic's site or a partner hands on what a person wrote."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from leads.accounts.idempotency import once
from leads.db import transaction
from leads.http.api.answers import InquiryReceived
from leads.http.api.caller import InOneThread, RawBody, bearer, caller, may_be_repeated, read, repeatable, scoped, sent
from leads.http.api.refusals import refusals
from leads.inquiries.receive import Arrival, receive
from leads.inquiries.submission import Submission

router = APIRouter(prefix="/v1", tags=["Inquiries"], route_class=InOneThread)


@router.post(
    "/inquiries",
    summary="Hand on an inquiry",
    status_code=201,
    response_model=InquiryReceived,
    responses=refusals(400, 409, 413, 422),
    dependencies=[Depends(bearer), Depends(may_be_repeated)],
    openapi_extra=scoped("inquiries:write") | sent(Submission),
)
def receive_inquiry(request: Request, body: RawBody) -> Response:
    """Hand on an inquiry. When 201 comes it is kept, and the person hears from the office by `expected_by`."""
    with transaction() as session:
        holder = caller(request, session, "inquiries:write")
        idempotency_key = repeatable(request)
        asked = read(Submission, request, body)

        def act() -> tuple[int, dict[str, Any]]:
            receipt = receive(session, asked, Arrival("api", api_key_id=holder.id, actor=f"key:{holder.id}"))
            return 201, InquiryReceived.of(receipt, asked.office).model_dump(mode="json")

        answer = once(session, holder.id, idempotency_key, b"inquiries\n" + body, act)
    request.app.state.nudge()
    return Response(answer.text, answer.status, media_type="application/json")
