"""Letting somebody in whose proof was taken: a new session for this browser, or the locked one opened again."""

import hmac
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts.models import Account, StaffSession
from leads.accounts.second_factor import has_one, is_needed, shown
from leads.accounts.sessions import Opened, form_token, is_locked, open_session, session_of, sign_out, unlock
from leads.http.console.staff import COOKIE, home_of, safe_next
from leads.http.own_form import check_form, give
from leads.http.source import address_of

DOOR = "handoff_door"
PATH = "/console"
SECOND, SET_UP = "/console/second-factor", "/console/second-factor/set-up"


def opened_from(request: Request) -> Opened:
    """Return where a session is opened from, to be kept coarsely."""
    return Opened(request.headers.get("user-agent", "")[:300], address_of(request))


def come_in(request: Request, session: Session, account: Account, *, method: str, next_path: str) -> Response:
    """Let in somebody who proved both factors at once, by a passkey or the clinic's own provider."""
    before = request.cookies.get(COOKIE, "")
    found = session_of(session, before) if before else None
    # The very session goes on, so that the forms on its pages stay good.
    if found and found[0].id == account.id and is_locked(found[1]):
        unlock(session, found[1], method=method)
        return answer(request, going_on(session, *found, next_path))
    # So does one whose password was shown a moment ago.
    if found and found[0].id == account.id and is_needed(session, *found):
        shown(session, *found, by=method)
        return answer(request, going_on(session, *found, next_path))
    secret = open_session(session, account, method=method, proved_both=True, opened=opened_from(request))
    return with_session(request, session, secret, next_path)


def with_session(request: Request, session: Session, secret: str, next_path: str) -> Response:
    """Return the way on with a new session's cookie, ending the session this browser had."""
    # A new secret at each sign-in: one that somebody planted in this browser before is worth nothing now.
    sign_out(session, request.cookies.get(COOKIE, ""))
    found = session_of(session, secret)
    response = answer(request, going_on(session, *found, next_path) if found else PATH)
    give(response, COOKIE, secret, path=PATH)
    response.delete_cookie(DOOR, path=PATH)
    return response


def going_on(session: Session, account: Account, opened: StaffSession, next_path: str) -> str:
    """Return where a session goes now: to its second factor, to setting one up, or to where they were going."""
    wanted = safe_next(next_path)
    if is_needed(session, account, opened):
        return f"{SECOND if has_one(session, account) else SET_UP}?{urlencode({'next': wanted})}"
    return home_of(account.roles) if wanted == PATH else wanted


def answer(request: Request, path: str) -> Response:
    """Return a redirect to a page, or its address for a script of ours."""
    if wants_json(request):
        return JSONResponse({"next": path})
    return RedirectResponse(path, status_code=303)


def wants_json(request: Request) -> bool:
    """True for what a script of ours sends."""
    return "application/json" in request.headers.get("accept", "")


def check_browser(request: Request, session: Session, token: str) -> str:
    """Return the secret by which we know this browser, its session's or the one it got at the door, if the form is ours.

    Raises Forbidden.
    """
    secret, door = request.cookies.get(COOKIE, ""), request.cookies.get(DOOR, "")
    # A locked browser may stand at the sign-in page, too: its form carries the door's token.
    is_of_session = bool(secret) and hmac.compare_digest(form_token(secret).encode(), token.encode()) and session_of(session, secret)
    browser = secret if is_of_session else door
    check_form(request, form_token(browser), token)
    return browser
