"""Drawing a page of the portal."""

from typing import Any, cast

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from leads.errors import LeadsError, TooMany
from leads.http import referral_words
from leads.http.pages import page
from leads.http.portal.signed import SIGN_IN, Signed, SignInFirst


def draw(request: Request, template: str, *, signed: Signed | None, status: int = 200, **context: Any) -> Response:
    """Return a page of templates/web/portal as a response."""
    response = page(request, f"portal/{template}", status=status, signed=signed, spoken=referral_words, **context)
    # The origin of a form must reach us, the path never: it may be a link that signs somebody in.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def answer_refusal(request: Request, error: LeadsError) -> Response:
    """Return a refusal as a page of the portal; who is not signed in is led to the sign-in page."""
    if isinstance(error, SignInFirst):
        return RedirectResponse(SIGN_IN, status_code=303)
    signed = cast("Signed | None", getattr(request.state, "signed", None))
    response = draw(request, "refused.html", signed=signed, status=error.status, error=error)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
