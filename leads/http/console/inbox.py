"""Mail that nobody could tell whose it is: a colleague reads it and gives it to a lead, or puts it aside."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.errors import Conflict, NotFound
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.inbound.assign import OPEN, give_to, put_aside
from leads.inbound.mail_models import InboundMail
from leads.pipeline.find import by_number

A_PAGE = 25
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
def show(request: Request, session: Db, staff: Reader, after: str = "") -> Response:
    """Show what waits: first what sounds like danger, then the oldest."""
    return _page(request, session, staff, skip=int(after) if after.isdecimal() and len(after) < 6 else 0)


@router.post("/{mail_id}/give")
def give(request: Request, session: Db, staff: Worker, mail_id: uuid.UUID, number: Annotated[str, Form()] = "") -> Response:
    """Take it as the answer of a lead's person, and go there."""
    try:
        with session.begin_nested():
            lead = by_number(session, number)
            give_to(session, mail_id, lead, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=mail_id, typed=number)
    return RedirectResponse(f"/console/leads/{lead.number}", status_code=303)


@router.post("/{mail_id}/put-aside")
def drop(request: Request, session: Db, staff: Worker, mail_id: uuid.UUID) -> Response:
    """Let nothing come of it; it stays on record."""
    try:
        with session.begin_nested():
            put_aside(session, mail_id, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=mail_id)
    return RedirectResponse("/console/inbox", status_code=303)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    skip: int = 0,
    refusal: Refusal | None = None,
    about: uuid.UUID | None = None,
    typed: str = "",
) -> Response:
    wanted = select(InboundMail).where(InboundMail.state.in_(OPEN)).order_by(InboundMail.urgent.desc(), InboundMail.received_at)
    found = session.scalars(wanted.offset(skip).limit(A_PAGE + 1)).all()
    shown = found[:A_PAGE]
    record_about(session, "inbox.listed", "inbound_mails", None, actor=staff.actor, ids=[str(each.id) for each in shown])
    return draw(
        request,
        "inbox.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="inbox",
        waiting=waiting(session),
        shown=shown,
        more=f"?after={skip + A_PAGE}" if len(found) > A_PAGE else None,
        why=WHY,
        refusal=refusal,
        about=about,
        typed=typed,
    )
