"""Signing in and out of the console."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from leads.accounts import sign_in as accounts
from leads.accounts.sign_in import Refused, form_token, sign_out, signed_in
from leads.http.console.draw import draw
from leads.http.console.staff import COOKIE, SIGN_IN, safe_next
from leads.http.own_form import Token, check_form, door_of, give
from leads.http.source import source_of
from leads.http.transaction import Db

DOOR = "handoff_door"
PATH = "/console"
router = APIRouter()


@router.get("/sign-in")
def ask(request: Request, session: Db, next: str = PATH) -> Response:
    """Show the sign-in page, or go on where somebody is signed in already."""
    if signed_in(session, request.cookies.get(COOKIE, "")):
        return RedirectResponse(safe_next(next), status_code=303)
    return _form(request, next=next)


@router.post("/sign-in")
def enter(
    request: Request,
    session: Db,
    token: Token,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = PATH,
) -> Response:
    """Sign in with a new session, ending the one this browser had; a refusal is answered, so that its count is kept."""
    door = request.cookies.get(DOOR)
    if door is None:
        return _form(request, status=403, next=next, email=email, error="Your browser did not keep our cookie. Please try again.")
    check_form(request, form_token(door), token)
    answer = accounts.sign_in(session, email[:320], password, source=source_of(request))
    if isinstance(answer, Refused):
        return _form(request, status=429 if answer.too_often else 401, next=next, email=email, error=answer.message)
    # A new secret at each sign-in: one that somebody planted in this browser before is worth nothing now.
    sign_out(session, request.cookies.get(COOKIE, ""))
    response = RedirectResponse(safe_next(next), status_code=303)
    give(response, COOKIE, answer.secret, path=PATH)
    response.delete_cookie(DOOR, path=PATH)
    return response


@router.post("/sign-out")
def leave(request: Request, session: Db, token: Token) -> Response:
    """End the session."""
    secret = request.cookies.get(COOKIE, "")
    if secret and signed_in(session, secret):
        check_form(request, form_token(secret), token)
        sign_out(session, secret)
    response = RedirectResponse(SIGN_IN, status_code=303)
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _form(request: Request, *, next: str, status: int = 200, email: str = "", error: str | None = None) -> Response:
    door = door_of(request, DOOR)
    page = draw(
        request, "sign_in.html", staff=None, status=status, csrf=form_token(door), next=safe_next(next), email=email[:320], error=error
    )
    give(page, DOOR, door, path=PATH)
    return page
