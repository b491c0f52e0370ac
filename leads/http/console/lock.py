"""A session left alone locks; the same account shows itself again and goes on with what was on the screen."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts import sessions
from leads.accounts.models import Account, StaffSession
from leads.accounts.sessions import IDLE, locks_in
from leads.accounts.sign_in import Refused, unlock_by_password
from leads.errors import LeadsError, TooMany, Unauthenticated
from leads.http.console.come_in import wants_json
from leads.http.console.draw import draw, draw_locked
from leads.http.console.staff import FREE_TEXT, Anybody, AnyoneActing, Locked, SignInFirst, Whole, safe_next, staff_of
from leads.http.own_form import Token, check_form
from leads.http.source import source_of
from leads.http.transaction import Db

router = APIRouter()
MARK = 16
STILL = "It is still locked. Sign in another way in a new tab first, or give your password here."
OF_OURS = ("action", "next", "csrf", "password")
Words = Annotated[str, Form()]


@router.get("/here")
def look(request: Request, found: Anybody) -> Response:
    """Return in how many seconds this browser's session locks, and a mark by which a page knows it for its own; keeps nothing awake."""
    mark = staff_of(request, *found).csrf[:MARK] if found else ""
    return JSONResponse({"locks_in": locks_in(found[1]) if found else 0, "mark": mark})


@router.post("/here")
def stay(staff: AnyoneActing) -> Response:
    """Note that somebody is typing: their page asks us for nothing meanwhile."""
    return JSONResponse({"locks_in": int(IDLE.total_seconds())})


@router.post("/lock")
def lock(request: Request, session: Db, found: Anybody, token: Token, next: Words = "/console") -> Response:
    """Lock the session now."""
    if found is None:
        raise SignInFirst(safe_next(next), {})
    check_form(request, staff_of(request, *found).csrf, token)
    sessions.lock(session, found[1])
    return JSONResponse({"locks_in": 0}) if wants_json(request) else RedirectResponse(f"/console/locked?next={safe_next(next)}", 303)


@router.get("/locked")
def show(request: Request, found: Anybody, next: str = "/console") -> Response:
    """Show the lock, or go on where there is none."""
    if found is None:
        raise SignInFirst(safe_next(next), {})
    if not sessions.is_locked(found[1]):
        return RedirectResponse(safe_next(next), status_code=303)
    request.state.locked = staff_of(request, *found)
    return draw_locked(request, Locked(safe_next(next), "", {}), status=200)


@router.post("/unlock")
def unlock(request: Request, session: Db, found: Anybody, token: Token, form: Whole, password: Words = "") -> Response:
    """Open the session again by its account's password, or go on where it is open, and give back the form that came while it was locked."""
    next_path, action = safe_next(form.get("next", "")), safe_next(form.get("action", ""))
    if found is None:
        raise SignInFirst(next_path, {name: text for name, text in form.items() if name in FREE_TEXT})
    who = request.state.locked = staff_of(request, *found)
    check_form(request, who.csrf, token)
    typed = {name: value for name, value in form.items() if name not in OF_OURS}
    refused = _opened(request, session, found, password) if sessions.is_locked(found[1]) else None
    if refused is not None:
        kept = Locked(next_path, action, typed)
        return _again(request, kept, refused.message, too_often=refused.too_often)
    if wants_json(request):
        return JSONResponse({"locks_in": locks_in(found[1])})
    if not typed:
        return RedirectResponse(next_path, status_code=303)
    shown: dict[str, Any] = {"action": action, "next": next_path, "typed": typed, "free": FREE_TEXT}
    return draw(request, "unlocked.html", staff=who, tab="", waiting=None, **shown)


def _opened(request: Request, session: Session, found: tuple[Account, StaffSession], password: str) -> Refused | None:
    # No password is none that is wrong: whoever pressed too early, before they signed in elsewhere, is not counted against.
    return unlock_by_password(session, *found, password, source=source_of(request)) if password else Refused(STILL)


def _again(request: Request, kept: Locked, message: str, *, too_often: bool) -> Response:
    refusal: LeadsError = TooMany(message, retry_after=900) if too_often else Unauthenticated(message, code="wrong_password")
    if wants_json(request):
        return JSONResponse({"error": refusal.code, "message": message}, refusal.status)
    return draw_locked(request, kept, status=refusal.status, error=message)
