"""Coming into the portal by a link in one's mailbox, and leaving it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from leads.accounts.sessions import form_token
from leads.errors import Invalid
from leads.http.own_form import Token, check_form, door_of, give
from leads.http.portal.draw import draw
from leads.http.portal.signed import SIGN_IN, Writer
from leads.http.referrer import COOKIE, COOKIE_PATH, referrer_in
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.providers.sign_in import sign_out
from leads.referrals.enter import enter, send_link
from leads.security.tokens import read

DOOR, DOOR_PATH = "handoff_referrer_door", "/portal"
AT_LEAST = 0.4
router = APIRouter()


async def evenly() -> AsyncIterator[None]:
    """Let every answer take the same time: writing a mail or not would tell which addresses are on file."""
    begun = time.monotonic()
    try:
        yield
    finally:
        await asyncio.sleep(max(0.0, AT_LEAST - (time.monotonic() - begun)))


# Entered before the transaction and left after it, so that the commit is within the time, too.
Evenly = Annotated[None, Depends(evenly, scope="function")]


@router.get("/sign-in")
def ask(request: Request, session: Db) -> Response:
    """Show the page that asks for an address, or go on where somebody is signed in already."""
    if referrer_in(request, session):
        return RedirectResponse("/portal", status_code=303)
    return _door(request)


@router.post("/sign-in")
def send(_even: Evenly, request: Request, session: Db, token: Token, email: Annotated[str, Form()] = "") -> Response:
    """Mail a link where the address is on file; the answer is the same where it is not."""
    if DOOR not in request.cookies:
        return _door(request, status=403, email=email, error="Your browser did not keep our cookie. Please try again.")
    check_form(request, form_token(request.cookies[DOOR]), token)
    try:
        send_link(session, email[:320], source=source_of(request))
    except Invalid as error:
        return _door(request, status=error.status, email=email, error=error.message)
    return draw(request, "look.html", signed=None)


@router.api_route("/enter/{link}", methods=["GET", "HEAD"])
def show(request: Request, session: Db, link: str) -> Response:
    """Show the button; mail scanners follow links, so nothing happens here."""
    token = read(session, "sign_in", link)
    return _with_door(request, "enter.html", used=token.used_at is not None, link=link)


@router.post("/enter/{link}")
def come_in(request: Request, session: Db, token: Token, link: str) -> Response:
    """Sign in, once, and end the session this browser had."""
    if DOOR not in request.cookies:
        return _with_door(request, "enter.html", status=403, used=False, link=link, error="Please press the button again.")
    # Without this another site could sign somebody in as another, and have them write their patients into that one's portal.
    check_form(request, form_token(request.cookies[DOOR]), token)
    entered = enter(session, link)
    sign_out(session, request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/portal", status_code=303)
    give(response, COOKIE, entered.secret, path=COOKIE_PATH)
    response.delete_cookie(DOOR, path=DOOR_PATH)
    return response


@router.post("/sign-out")
def leave(request: Request, session: Db, _signed: Writer) -> Response:
    """End the session."""
    sign_out(session, request.cookies[COOKIE])
    response = RedirectResponse(SIGN_IN, status_code=303)
    response.delete_cookie(COOKIE, path=COOKIE_PATH)
    return response


def _door(request: Request, *, status: int = 200, email: str = "", error: str = "") -> Response:
    return _with_door(request, "sign_in.html", status=status, email=email[:320], error=error)


def _with_door(request: Request, template: str, *, status: int = 200, error: str = "", **context: object) -> Response:
    door = door_of(request, DOOR)
    response = draw(request, template, signed=None, status=status, csrf=form_token(door), error=error, **context)
    give(response, DOOR, door, path=DOOR_PATH)
    return response
