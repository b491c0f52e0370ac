"""The referrers' pages: what is needed of them, one referral with its story, and how they want to be told."""

from fastapi import APIRouter, Depends, Request

from leads.errors import NotFound
from leads.http.portal import lists, preferences, referral_actions, referral_page, sign_in
from leads.http.portal.draw import answer_refusal
from leads.http.portal.signed import Reader


def answer_here(request: Request) -> None:
    """Make refusals under /portal look like the portal."""
    request.state.answer_refusal = answer_refusal


router = APIRouter(include_in_schema=False, dependencies=[Depends(answer_here)])
for each in (sign_in, lists, referral_page, referral_actions, preferences):
    router.include_router(each.router, prefix="/portal")


# The last of all: an address of the portal that leads nowhere is answered by the portal.
@router.get("/portal/{mistyped:path}")
def miss(_signed: Reader, mistyped: str) -> None:
    """Say that there is nothing here."""
    raise NotFound("The address may be old or mistyped.")
