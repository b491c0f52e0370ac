"""Signing in with the clinic's own provider: there, and back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from config.settings import settings
from leads.accounts import oidc
from leads.errors import NotFound, Unauthenticated
from leads.http.console.come_in import PATH, browser_of, check_browser, come_in
from leads.http.console.staff import safe_next
from leads.http.own_form import Token
from leads.http.transaction import Db

router = APIRouter(prefix="/oidc")


@router.post("/go")
def go(request: Request, session: Db, token: Token, next: Annotated[str, Form()] = PATH) -> Response:
    """Send the browser to the provider."""
    _check_there_is_one()
    browser = check_browser(request, session, token)
    return RedirectResponse(oidc.begin(session, browser, next_path=safe_next(next)), status_code=303)


@router.get("/back")
def come_back(request: Request, session: Db, code: str = "", state: str = "", error: str = "") -> Response:
    """Let in whom the provider sends back, if they are one of us; the state, good once, makes this GET a form's answer."""
    _check_there_is_one()
    if error or not code:
        raise Unauthenticated(oidc.NOT_TAKEN, code="oidc_refused")
    account, next_path = oidc.finish(session, browser_of(request, session), code=code, state=state)
    # The provider asked for whatever factors the clinic demands there.
    return come_in(request, session, account, method="oidc", next_path=next_path)


def _check_there_is_one() -> None:
    if not settings().has_oidc:
        raise NotFound("There is no other way to sign in here.")
