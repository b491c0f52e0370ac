"""Drawing a page of the console: who is signed in, the words of its codes, and how many wait behind each tab."""

import uuid
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from leads.accounts.rights import WHO, in_words
from leads.errors import LeadsError, TooMany
from leads.http.console import shell, words
from leads.http.console.restriction import Restricted
from leads.http.console.staff import Locked, SecondFactorFirst, SignInFirst, Staff, home_of, safe_next, send_to_sign_in
from leads.http.pages import page

WHO_WORKS = in_words(WHO["leads.work"])
# What takes back what an address names.
UNDO = (
    ("did", "/console/undo/{}"),
    ("aside", "/console/scans/{}/take-up-again"),
    ("mail", "/console/inbox/{}/take-up-again"),
    ("discarded", "/console/quarantine/{}/take-up-again"),
)


def draw(request: Request, template: str, *, staff: Staff | None, status: int = 200, **context: Any) -> Response:
    """Return a page of templates/web/console as a response."""
    said = _said(request) if staff else {"said": None, "undo": None}
    always: dict[str, Any] = {"words": words, "shell": shell, "who_works": WHO_WORKS}
    response = page(request, f"console/{template}", status=status, staff=staff, **always, **said, **context)
    # The origin of a form must reach us; no address of the console carries a secret.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def draw_locked(request: Request, lock: Locked, *, status: int = 401, error: str | None = None) -> Response:
    """Return the page that asks the same account for its password, and carries the form that came meanwhile."""
    who: Staff = request.state.locked
    shown = {"next": lock.next, "action": lock.action, "typed": lock.typed, "error": error, "name": who.name, "csrf": who.csrf}
    return draw(request, "locked.html", staff=None, status=status, **shown)


def _said(request: Request) -> dict[str, str | None]:
    """Return what the toast of this page says, and what takes it back, if anything does; an address can choose among our words only."""
    asked = request.query_params
    undo = next((way.format(found) for name, way in UNDO if (found := _id(asked.get(name, "")))), None)
    return {"said": shell.SAID.get(asked.get("said", "")), "undo": undo}


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def answer_refusal(request: Request, error: LeadsError) -> Response:
    """Return a refusal as a page of the console; who is not signed in is led to the sign-in page, with what was typed."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": error.code, "message": error.message}, error.status)
    led = _led_to_the_door(request, error)
    if led is not None:
        return led
    staff = getattr(request.state, "staff", None)
    if isinstance(error, Restricted) and staff:
        status = error.refusal.status if error.refusal else error.status
        return draw(request, "restricted.html", staff=staff, status=status, number=error.number, refusal=error.refusal)
    home = home_of(staff.roles) if staff else "/console"
    response = draw(request, "refused.html", staff=staff, status=error.status, error=error, home=home)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _led_to_the_door(request: Request, error: LeadsError) -> Response | None:
    match error:
        case SignInFirst() if not error.typed:
            return send_to_sign_in(error.next)
        case SignInFirst():
            return draw(request, "signed_out.html", staff=None, status=error.status, next=error.next, typed=error.typed)
        case SecondFactorFirst():
            return RedirectResponse(f"/console/second-factor?{urlencode({'next': safe_next(error.next)})}", status_code=303)
        case Locked() if request.method == "GET" or not error.typed:
            return RedirectResponse(f"/console/locked?{urlencode({'next': safe_next(error.next)})}", status_code=303)
        case Locked():
            return draw_locked(request, error)
    return None
