"""Mail that nobody could tell whose it is: a colleague reads it and gives it to a lead, or puts it aside, and takes it up again."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.errors import Conflict, NotFound
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.inbound import inbox
from leads.inbound.assign import give_to, put_aside, take_up_again
from leads.pipeline.find import by_number
from leads.place import Place

router = APIRouter(prefix="/inbox")
Refusal = Conflict | NotFound
WHY = {
    "unknown-sender": "It answers no mail of ours, and its sender is not on file, or several people share the address.",
    "no-lead-named": "It answers a mail that is about no one lead.",
    "not-our-message": "It reports on a mail that is none of ours.",
    "says-nothing": "A mail server reports on this mail, but not what became of it.",
    "unreadable": "It could not be read.",
    "challenge": "A machine wrote it, but it has words of despair.",
    "machine": "A machine wrote it, but it has words of despair.",
    "bulk": "A mailing list sent it, but it has words of despair.",
    "out-of-office": "An absence note with words of despair.",
}


@router.get("")
def show(request: Request, session: Db, staff: Reader, list: str = "", after: str = "") -> Response:
    """Show what waits: first what sounds like danger, then the oldest; or what was put aside, the newest first."""
    return _page(request, session, staff, aside=list == "aside", after=after)


@router.post("/{mail_id}/give")
def give(request: Request, session: Db, staff: Worker, mail_id: uuid.UUID, number: Annotated[str, Form()] = "") -> Response:
    """Take it as the answer of a lead's person, and go there."""
    try:
        with session.begin_nested():
            lead = by_number(session, number)
            give_to(session, mail_id, lead, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=mail_id, typed=number)
    return RedirectResponse(f"/console/leads/{lead.number}?said=mail-given", status_code=303)


@router.post("/{mail_id}/put-aside")
def drop(request: Request, session: Db, staff: Worker, mail_id: uuid.UUID) -> Response:
    """Let nothing come of it; the toast takes it back, and so does the list of what was put aside."""
    try:
        with session.begin_nested():
            put_aside(session, mail_id, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=mail_id)
    return RedirectResponse(f"/console/inbox?said=mail-aside&mail={mail_id}", status_code=303)


@router.post("/{mail_id}/take-up-again")
def bring_back(request: Request, session: Db, staff: Worker, mail_id: uuid.UUID) -> Response:
    """Let it wait again."""
    try:
        with session.begin_nested():
            take_up_again(session, mail_id, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=mail_id)
    return RedirectResponse("/console/inbox?said=undone", status_code=303)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    aside: bool = False,
    after: str = "",
    refusal: Refusal | None = None,
    about: uuid.UUID | None = None,
    typed: str = "",
) -> Response:
    shown, more = (inbox.put_aside if aside else inbox.waiting)(session, after=Place.read(after))
    record_about(session, "inbox.listed", "inbound_mails", None, actor=staff.actor, ids=[str(each.id) for each in shown], aside=aside)
    return draw(
        request,
        "inbox.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="inbox",
        waiting=waiting(session),
        shown=shown,
        is_aside=aside,
        more=f"?{'list=aside&' if aside else ''}after={more}" if more else None,
        names=who_is_who(session, {each.handled_by for each in shown if each.handled_by}),
        why=WHY,
        refusal=refusal,
        about=about,
        typed=typed,
    )
