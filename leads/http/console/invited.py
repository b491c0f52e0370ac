"""The link of an invitation: a password is chosen, then the second factor."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.access.invite import accept, check_same, invited_by
from leads.accounts.sessions import form_token
from leads.errors import Invalid
from leads.http.console.come_in import DOOR, PATH, opened_from, with_session
from leads.http.console.draw import draw
from leads.http.own_form import Token, check_form, door_of, give
from leads.http.transaction import Db

router = APIRouter(prefix="/invited/{link}")
Words = Annotated[str, Form()]


@router.get("")
def show(request: Request, session: Db, link: str) -> Response:
    """Show the page on which a password is chosen; looking uses nothing up."""
    return _page(request, session, link)


@router.post("")
def choose(request: Request, session: Db, link: str, token: Token, password: Words = "", again: Words = "") -> Response:
    """Set the password, use the link up and go on to the second factor."""
    check_form(request, form_token(request.cookies.get(DOOR, "")), token)
    try:
        check_same(password, again)
        _, secret = accept(session, link, password, opened=opened_from(request))
    except Invalid as refusal:
        return _page(request, session, link, refusal=refusal)
    return with_session(request, session, secret, PATH)


def _page(request: Request, session: Session, link: str, *, refusal: Invalid | None = None) -> Response:
    account, door = invited_by(session, link), door_of(request, DOOR)
    shown = {"csrf": form_token(door), "account": account, "link": link, "refusal": refusal}
    page = draw(request, "invited.html", staff=None, status=refusal.status if refusal else 200, **shown)
    # The address of this page is a secret.
    page.headers["Referrer-Policy"] = "no-referrer"
    give(page, DOOR, door, path=PATH)
    return page
