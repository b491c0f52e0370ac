"""What tripped a trap: nobody was mailed, nothing was lost, a person decides."""

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.errors import Conflict, Invalid
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.inquiries import receive
from leads.inquiries.models import QuarantinedInquiry

A_PAGE = 25
router = APIRouter(prefix="/quarantine")


@router.get("")
def show(request: Request, session: Db, staff: Reader, after: str = "") -> Response:
    """Show what waits, the oldest first."""
    return _page(request, session, staff, after=after)


@router.post("/{quarantined_id}/let-in")
def let_in(request: Request, session: Db, staff: Worker, quarantined_id: uuid.UUID) -> Response:
    """Receive it after all, and go to its lead; what cannot be received stays and says why."""
    try:
        with session.begin_nested():
            receipt = receive.let_in(session, quarantined_id, actor=staff.actor)
    except (Invalid, Conflict) as refusal:
        return _page(request, session, staff, refusal=refusal, about=quarantined_id)
    return RedirectResponse(f"/console/leads/{receipt.number}", status_code=303)


@router.post("/{quarantined_id}/discard")
def discard(request: Request, session: Db, staff: Worker, quarantined_id: uuid.UUID) -> Response:
    """Put it aside; it stays on record."""
    try:
        with session.begin_nested():
            receive.discard(session, quarantined_id, actor=staff.actor)
    except Conflict as refusal:
        return _page(request, session, staff, refusal=refusal, about=quarantined_id)
    return RedirectResponse("/console/quarantine", status_code=303)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    after: str = "",
    refusal: Invalid | Conflict | None = None,
    about: uuid.UUID | None = None,
) -> Response:
    wanted = select(QuarantinedInquiry).where(QuarantinedInquiry.decided_at.is_(None)).order_by(QuarantinedInquiry.id).limit(A_PAGE + 1)
    place = _id(after)
    found = session.scalars(wanted.where(QuarantinedInquiry.id > place) if place else wanted).all()
    shown = found[:A_PAGE]
    record_about(session, "quarantine.listed", "quarantined_inquiries", None, actor=staff.actor, ids=[str(each.id) for each in shown])
    return draw(
        request,
        "quarantine.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="quarantine",
        waiting=waiting(session),
        shown=shown,
        more=f"?after={shown[-1].id}" if len(found) > A_PAGE else None,
        refusal=refusal,
        about=about,
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
