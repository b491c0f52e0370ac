"""`/c/{token}`: a person says that an address is theirs; looking at the page says nothing."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.clinic.profile import Language
from leads.errors import NotFound
from leads.http.page_use import note_use
from leads.http.pages import page
from leads.http.transaction import Db
from leads.http.wording import language_of
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.confirm import confirm_address
from leads.security.tokens import Token, read

router = APIRouter()


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
def ask(request: Request, session: Db, token: str) -> Response:
    """Show the button; mail scanners follow links, so nothing happens here."""
    link = read(session, "confirm", token)
    note_use(request, session, link.person_id, "confirm")
    return page(request, "public/confirm.html", lang=speaking(request, session, link), done=False)


@router.post("/c/{token}")
def confirm(request: Request, session: Db, token: str) -> Response:
    """Confirm the address; pressing again changes nothing."""
    link = read(session, "confirm", token)
    message = session.get(Message, link.message_id) if link.message_id else None
    if message is None or message.lead_id is None:
        raise NotFound("This link is not valid any more. Please call the office.", code="link_expired")
    confirm_address(session, message.lead_id, method="button", actor=f"person:{link.person_id}", mailed_to=message.address_index)
    return page(request, "public/confirm.html", lang=speaking(request, session, link), done=True)


def speaking(request: Request, session: Session, link: Token) -> Language:
    """Return the language to answer a link's holder in: the one chosen here, else the person's own."""
    person = session.get(Person, link.person_id) if link.person_id else None
    if person is None or "language" in request.query_params:
        return language_of(request)
    return "es" if person.language == "es" else "en"
