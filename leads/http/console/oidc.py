"""Signing in with the clinic's own provider: there, and back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from config.settings import settings
from leads.accounts import oidc
from leads.accounts.sessions import form_token
from leads.errors import LeadsError, NotFound, Unauthenticated
from leads.http.console.come_in import DOOR, PATH, come_in
from leads.http.console.draw import answer_refusal, draw
from leads.http.console.staff import safe_next
from leads.http.own_form import Token, check_form
from leads.http.transaction import Db

router = APIRouter(prefix="/oidc")


@router.post("/go")
def go(request: Request, session: Db, token: Token, next: Annotated[str, Form()] = PATH) -> Response:
    """Send the browser to the provider."""
    _check_there_is_one()
    door = request.cookies.get(DOOR, "")
    check_form(request, form_token(door), token)
    there = oidc.begin(session, door, next_path=safe_next(next))
    response = draw(request, "oidc_go.html", staff=None, there=there, provider=settings().handoff_oidc_name)
    # Not by a redirect: a browser lets no form lead to another site that our policy allows no form to go to.
    response.headers["Refresh"] = f"0; url={there}"
    return response


@router.get("/back")
def come_back(request: Request, session: Db, code: str = "", state: str = "", error: str = "") -> Response:
    """Let in whom the provider sends back, if they are one of us; the state, good once, makes this GET a form's answer."""
    _check_there_is_one()
    if error or not code:
        raise Unauthenticated(oidc.NOT_TAKEN, code="oidc_refused")
    try:
        account, next_path = oidc.finish(session, request.cookies.get(DOOR, ""), code=code, state=state)
    except LeadsError as refusal:
        # Answered, not raised: what was undone with the refusal would make its state good once more.
        return answer_refusal(request, refusal)
    # The provider asked for whatever factors the clinic demands there.
    return come_in(request, session, account, method="oidc", next_path=next_path)


def _check_there_is_one() -> None:
    if not settings().has_oidc:
        raise NotFound("There is no other way to sign in here.")
