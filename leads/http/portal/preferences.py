"""How somebody wants to be told, who else follows, and the other places where they are on file."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.http.own_form import give
from leads.http.portal.draw import draw
from leads.http.portal.signed import Reader, Signed, Writer
from leads.http.referrer import COOKIE, COOKIE_PATH
from leads.http.transaction import Db
from leads.providers.directory import delegates_of
from leads.providers.edit import prefer
from leads.providers.models import Provider
from leads.providers.sign_in import Referrer, open_session, sign_out
from leads.referrals.enter import identities

router = APIRouter()


@router.get("/preferences")
def show(request: Request, session: Db, signed: Reader, done: str = "") -> Response:
    """Show what holds now."""
    who = signed.referrer.who
    clinician = who if isinstance(who, Provider) else session.get(Provider, who.provider_id) if who.provider_id else None
    context: dict[str, Any] = {
        "who": who,
        "clinician": clinician,
        "delegates": delegates_of(session, clinician) if clinician else [],
        "others": _others(session, signed),
        "done": done,
    }
    return draw(request, "preferences.html", signed=signed, tab="preferences", **context)


@router.post("/preferences")
def save(session: Db, signed: Writer, notify: Annotated[str, Form()] = "") -> Response:
    """Have them told of each change, or by one digest each morning."""
    prefer(session, signed.referrer.who, notify, actor=signed.actor)
    return RedirectResponse("/portal/preferences?done=saved", status_code=303)


@router.post("/switch")
def switch(request: Request, session: Db, signed: Writer, to: Annotated[str, Form()] = "") -> Response:
    """Go on as somebody else who has the same address on file, such as the same clinician at a second practice."""
    other = next((each for each in _others(session, signed) if each.actor == to), None)
    if other is None:
        raise NotFound("This place is not yours, or not any more.")
    sign_out(session, request.cookies[COOKIE])
    response = RedirectResponse("/portal", status_code=303)
    give(response, COOKIE, open_session(session, other), path=COOKIE_PATH)
    return response


def _others(session: Session, signed: Signed) -> list[Referrer]:
    # Whoever holds the mailbox could ask for a link to each of these; here they need not.
    mine = signed.referrer.who.email or ""
    return [each for each in identities(session, mine) if each.actor != signed.actor]
