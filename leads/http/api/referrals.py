"""`/api/v1/referrals`: a practice's system sends a patient, and asks what became of it."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from config.settings import settings
from leads.access.outside import list_outside, read_outside
from leads.accounts.idempotency import once
from leads.accounts.keys import Holder
from leads.errors import FieldError, Invalid, NotFound
from leads.http.api.caller import JsonBody, Repeatable, needs, scoped
from leads.http.api.leads import ETAG, LINK, Limit
from leads.http.api.referral_answers import STATUS_OF, ReferralList, ReferralReceived, ReferralStatus
from leads.http.api.refusals import Answers, refusals
from leads.http.transaction import Db
from leads.providers.practices import practice_of_key
from leads.referrals.find import get_of_practice
from leads.referrals.receive import Arrival, receive
from leads.referrals.shown import Wanted, ask_next_since, page, show
from leads.referrals.submission import Submission

router = APIRouter(prefix="/v1", tags=["Referrals"])

ReferralReader = Annotated[Holder, Depends(needs("referrals:read"))]
ReferralWriter = Annotated[Holder, Depends(needs("referrals:write"))]


def _moment(value: Any) -> Any:
    # A bare number would be taken for seconds since 1970, which nobody means who writes 20261006.
    if isinstance(value, str) and "T" not in value.upper():
        raise PydanticCustomError("no_moment", "Write a moment like 2026-10-06T10:00:00-04:00.")
    return value


After = Annotated[str | None, Query(description="the number of the last referral of the page before, such as R-000042")]
Since = Annotated[
    AwareDatetime | None, BeforeValidator(_moment), Query(description="only what has changed after this moment; ISO 8601 with offset")
]
MADE: Answers = {
    200: {"model": ReferralReceived, "description": "The same words again: nothing was done twice."},
    202: {"model": ReferralReceived, "description": "Other words about a referral we have: they wait for one of us."},
}


class ReferralSubmission(Submission):
    """A referral. An inquiry's body is another Submission; in the description the two need names of their own."""


@router.post(
    "/referrals",
    summary="Refer a patient",
    status_code=201,
    response_model=ReferralReceived,
    responses=MADE | refusals(400, 409, 413, 422),
    openapi_extra=scoped("referrals:write"),
)
def receive_referral(
    session: Db, key: ReferralWriter, body: JsonBody, asked: ReferralSubmission, idempotency_key: Repeatable = None
) -> Response:
    """Refer a patient, by a key of your practice. The same words again are the same referral; other words about the same patient wait."""

    def act() -> tuple[int, dict[str, Any]]:
        told = ReferralReceived.of(receive(session, asked, Arrival("api", key=key, actor=f"key:{key.id}")))
        return STATUS_OF[told.became], told.model_dump(mode="json")

    answer = once(session, key.id, idempotency_key, b"referrals\n" + body, act)
    return Response(answer.text, answer.status, media_type="application/json")


@router.get(
    "/referrals",
    summary="List your practice's referrals",
    response_model=ReferralList,
    responses=LINK | refusals(422),
    openapi_extra=scoped("referrals:read"),
)
def list_referrals(
    session: Db, key: ReferralReader, response: Response, since: Since = None, after: After = None, limit: Limit = 50
) -> ReferralList:
    """Your practice's referrals and how they stand, in the order in which they came; with `since`, those that have changed."""
    practice = practice_of_key(session, key)
    next_since = ask_next_since()
    found, more = page(session, practice.id, Wanted(since=since), after=_last(session, key, after), limit=limit)
    if more:
        asked = {"after": found[-1].referral.number, "limit": limit} | ({"since": since.isoformat()} if since else {})
        response.headers["Link"] = f'<{settings().public_url}/api/v1/referrals?{urlencode(asked)}>; rel="next"'
    list_outside(session, practice, [each.referral for each in found], actor=f"key:{key.id}", count=len(found))
    return ReferralList(referrals=[ReferralStatus.of(each) for each in found], ask_next_since=next_since)


@router.get(
    "/referrals/{id}",
    summary="Read one referral",
    response_model=ReferralStatus,
    responses=ETAG | refusals(404, 422),
    openapi_extra=scoped("referrals:read"),
)
def read_referral(session: Db, key: ReferralReader, response: Response, id: str) -> ReferralStatus:
    """How one of your practice's referrals stands, by its id or number. Each reading is on record."""
    referral = get_of_practice(session, practice_of_key(session, key).id, id)
    read_outside(session, referral, actor=f"key:{key.id}")
    shown = show(session, referral)
    response.headers["ETag"] = f'"{shown.seen.version}"'
    return ReferralStatus.of(shown)


def _last(session: Session, key: Holder, after: str | None) -> int:
    if after is None:
        return 0
    try:
        return get_of_practice(session, practice_of_key(session, key).id, after).serial
    except NotFound as error:
        raise Invalid(error.message, errors=(FieldError("after", "unknown", error.message),)) from None
