"""Signing in and out of the console."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts import passkeys
from leads.accounts import sign_in as accounts
from leads.accounts.models import Account, StaffSession
from leads.accounts.sessions import form_token, is_locked, session_of, sign_out, signed_in
from leads.accounts.sign_in import Refused
from leads.accounts.staff import account_index
from leads.errors import Unauthenticated
from leads.http.console.come_in import DOOR, PATH, answer, check_browser, come_in, going_on, opened_from, with_session
from leads.http.console.draw import answer_refusal, draw
from leads.http.console.staff import COOKIE, SIGN_IN, safe_next
from leads.http.own_form import Token, check_form, door_of, give
from leads.http.source import source_of
from leads.http.transaction import Db

router = APIRouter()
Words = Annotated[str, Form()]


@router.get("/sign-in")
def ask(request: Request, session: Db, next: str = PATH) -> Response:
    """Show the sign-in page, or go on where somebody is signed in already."""
    if signed_in(session, request.cookies.get(COOKIE, "")):
        return RedirectResponse(safe_next(next), status_code=303)
    return _form(request, next=next)


@router.post("/sign-in")
def enter(request: Request, session: Db, token: Token, email: Words = "", password: Words = "", next: Words = PATH) -> Response:
    """Sign in with a new session, ending the one this browser had, or open one's locked one; a refusal is answered, so that it counts."""
    door = request.cookies.get(DOOR)
    if door is None:
        return _form(request, status=403, next=next, email=email, error="Your browser did not keep our cookie. Please try again.")
    check_form(request, form_token(door), token)
    if found := _locked_of(request, session, email):
        refused = accounts.unlock_by_password(session, *found, password, source=source_of(request))
        return _refused(request, refused, next=next, email=email) if refused else answer(request, going_on(session, *found, next))
    came = accounts.sign_in(session, email[:320], password, source=source_of(request), opened=opened_from(request))
    if isinstance(came, Refused):
        return _refused(request, came, next=next, email=email)
    return with_session(request, session, came.secret, next)


@router.post("/sign-in/passkey/options")
def options(request: Request, session: Db, token: Token) -> Response:
    """Return what the browser needs to show a passkey."""
    browser = check_browser(request, session, token)
    return Response(passkeys.options_to_sign_in(session, browser), media_type="application/json")


@router.post("/sign-in/passkey")
def enter_by_passkey(request: Request, session: Db, token: Token, answer: Words = "", next: Words = PATH) -> Response:
    """Sign in, go past the second factor or unlock, by a passkey: the device's word that it saw its holder counts as both factors."""
    browser = check_browser(request, session, token)
    account = passkeys.prove(session, browser, answer)
    if account is None:
        # Answered, not raised: what was undone with the refusal would make its challenge good once more.
        return answer_refusal(request, Unauthenticated(passkeys.NOT_TAKEN, code="passkey_refused"))
    return come_in(request, session, account, method="passkey", next_path=next)


@router.post("/sign-out")
def leave(request: Request, session: Db, token: Token) -> Response:
    """End the session."""
    secret = request.cookies.get(COOKIE, "")
    if secret and session_of(session, secret):
        check_form(request, form_token(secret), token)
        sign_out(session, secret)
    response = RedirectResponse(SIGN_IN, status_code=303)
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _locked_of(request: Request, session: Session, email: str) -> tuple[Account, StaffSession] | None:
    # Whoever comes here from the lock of another tab goes on in the very session, so that the forms on its pages stay good.
    found = session_of(session, request.cookies.get(COOKIE, ""))
    return found if found and is_locked(found[1]) and found[0].email_index == account_index(email[:320]) else None


def _refused(request: Request, refused: Refused, *, next: str, email: str) -> Response:
    return _form(request, status=429 if refused.too_often else 401, next=next, email=email, error=refused.message)


def _form(request: Request, *, next: str, status: int = 200, email: str = "", error: str | None = None) -> Response:
    door = door_of(request, DOOR)
    provider = settings().handoff_oidc_name if settings().has_oidc else None
    shown = {"csrf": form_token(door), "next": safe_next(next), "email": email[:320], "error": error, "provider": provider}
    page = draw(request, "sign_in.html", staff=None, status=status, **shown)
    give(page, DOOR, door, path=PATH)
    return page
