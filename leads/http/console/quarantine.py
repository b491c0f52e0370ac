"""What tripped a trap: nobody was mailed, nothing was lost, a person decides, and may decide anew."""

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.errors import Conflict, Invalid, NotFound
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.inquiries import discarded, receive

router = APIRouter(prefix="/quarantine")


@router.get("")
def show(request: Request, session: Db, staff: Reader, list: str = "", after: str = "") -> Response:
    """Show what waits, the oldest first; or what was discarded, the newest first."""
    return _page(request, session, staff, aside=list == "aside", after=after)


@router.post("/{quarantined_id}/let-in")
def let_in(request: Request, session: Db, staff: Worker, quarantined_id: uuid.UUID) -> Response:
    """Receive it after all, and go to its lead; what cannot be received stays and says why."""
    try:
        with session.begin_nested():
            receipt = receive.let_in(session, quarantined_id, actor=staff.actor)
    except (Invalid, Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=quarantined_id)
    return RedirectResponse(f"/console/leads/{receipt.number}?said=let-in", status_code=303)


@router.post("/{quarantined_id}/discard")
def discard(request: Request, session: Db, staff: Worker, quarantined_id: uuid.UUID) -> Response:
    """Put it aside; the toast takes it back, and so does the list of what was discarded."""
    try:
        with session.begin_nested():
            receive.discard(session, quarantined_id, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=quarantined_id)
    return RedirectResponse(f"/console/quarantine?said=discarded&discarded={quarantined_id}", status_code=303)


@router.post("/{quarantined_id}/take-up-again")
def take_up_again(request: Request, session: Db, staff: Worker, quarantined_id: uuid.UUID) -> Response:
    """Let it wait for a decision again."""
    try:
        with session.begin_nested():
            discarded.take_up_again(session, quarantined_id, actor=staff.actor)
    except (Conflict, NotFound) as refusal:
        return _page(request, session, staff, refusal=refusal, about=quarantined_id)
    return RedirectResponse("/console/quarantine?said=undone", status_code=303)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    *,
    aside: bool = False,
    after: str = "",
    refusal: Invalid | Conflict | NotFound | None = None,
    about: uuid.UUID | None = None,
) -> Response:
    shown, more = (discarded.discarded if aside else discarded.waiting)(session, after=_id(after))
    ids = [str(each.id) for each in shown]
    record_about(
        session, "quarantine.listed", "quarantined_inquiries", None, actor=staff.actor, ids=ids, **({"aside": True} if aside else {})
    )
    return draw(
        request,
        "quarantine.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="quarantine",
        waiting=waiting(session),
        shown=shown,
        is_aside=aside,
        names=who_is_who(session, {each.decided_by for each in shown if each.decided_by}),
        more=f"?{'list=aside&' if aside else ''}after={more}" if more else None,
        refusal=refusal,
        about=about,
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
