"""Drawing a page of the console: who is signed in, the words of its codes, and how many wait behind each tab."""

import uuid
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from leads.errors import LeadsError, TooMany
from leads.http.console import shell, words
from leads.http.console.staff import SignInFirst, Staff, send_to_sign_in
from leads.http.pages import page


def draw(request: Request, template: str, *, staff: Staff | None, status: int = 200, **context: Any) -> Response:
    """Return a page of templates/web/console as a response."""
    said = _said(request) if staff else {"said": None, "undo": None}
    response = page(request, f"console/{template}", status=status, staff=staff, words=words, shell=shell, **said, **context)
    # The origin of a form must reach us; no address of the console carries a secret.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _said(request: Request) -> dict[str, str | None]:
    """Return what the toast of this page says, and the deed that may be taken back; an address can choose among our words only."""
    asked = request.query_params
    try:
        deed = str(uuid.UUID(asked.get("did", "")))
    except ValueError:
        deed = None
    return {"said": shell.SAID.get(asked.get("said", "")), "undo": deed}


def answer_refusal(request: Request, error: LeadsError) -> Response:
    """Return a refusal as a page of the console; who is not signed in is led to the sign-in page, with what was typed."""
    staff = getattr(request.state, "staff", None)
    if isinstance(error, SignInFirst) and not error.typed:
        return send_to_sign_in(error.next)
    if isinstance(error, SignInFirst):
        return draw(request, "signed_out.html", staff=None, status=error.status, next=error.next, typed=error.typed)
    response = draw(request, "refused.html", staff=staff, status=error.status, error=error)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
