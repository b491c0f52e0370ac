"""Whether mail goes out: what rests and why, what is due, and deliveries of which nobody knows."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Conflict, Forbidden, Invalid
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.decide import decide
from leads.messages.models import LANES, Message
from leads.messages.switch import pause_sending, resume_sending, stops
from leads.pipeline.models import Lead

A_PAGE = 50
router = APIRouter(prefix="/sending")
Words = Annotated[str, Form()]


@router.get("")
def show(request: Request, session: Db, staff: Reader) -> Response:
    """Show what rests, what is due, and what nobody knows."""
    return _page(request, session, staff)


@router.post("/pause")
def pause(request: Request, session: Db, staff: Worker, reason: Words = "") -> Response:
    """Stop all mail; needs a reason, and a supervisor or clinician."""
    _check_may_switch(staff)
    if not reason.strip():
        return _page(request, session, staff, refusal=Invalid("Say in a few words why mail must stop. No names, please."))
    try:
        pause_sending(session, reason=reason.strip()[:200], actor=staff.actor)
    except Conflict as refusal:
        return _page(request, session, staff, refusal=refusal)
    return RedirectResponse("/console/sending", status_code=303)


@router.post("/resume")
def resume(session: Db, staff: Worker) -> Response:
    """Let mail go again."""
    _check_may_switch(staff)
    resume_sending(session, actor=staff.actor)
    return RedirectResponse("/console/sending", status_code=303)


@router.post("/{message_id}/decide")
def settle(request: Request, session: Db, staff: Worker, message_id: uuid.UUID, verdict: Words = "") -> Response:
    """Settle one unknown delivery."""
    try:
        with session.begin_nested():
            decide(session, message_id, verdict, actor=staff.actor)
    except (Invalid, Conflict) as refusal:
        return _page(request, session, staff, refusal=refusal)
    return RedirectResponse("/console/sending", status_code=303)


def _check_may_switch(staff: Staff) -> None:
    if not may_switch(staff):
        raise Forbidden("Only a supervisor or a clinician stops all mail, or lets it go again.")


def may_switch(staff: Staff) -> bool:
    """True for those who may stop all mail."""
    return bool(staff.roles & {"supervisor", "clinician"})


def _page(request: Request, session: Session, staff: Staff, *, refusal: Invalid | Conflict | None = None) -> Response:
    unknown = session.execute(
        select(Message, Lead)
        .outerjoin(Lead, Message.lead_id == Lead.id)
        .where(Message.state == "unknown")
        .order_by(Message.id)
        .limit(A_PAGE)
    ).all()
    record_about(session, "unknown.listed", "messages", None, actor=staff.actor, ids=[str(message.id) for message, _ in unknown])
    return draw(
        request,
        "sending.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="sending",
        waiting=waiting(session),
        stops=stops(session),
        due=_due(session),
        unknown=unknown,
        may_switch=may_switch(staff),
        refusal=refusal,
        zone=clinic().office(None).zone,
    )


def _due(session: Session) -> dict[str, int]:
    counted = select(Message.lane, func.count()).where(Message.state == "planned", Message.due_at <= now()).group_by(Message.lane)
    return dict.fromkeys(LANES, 0) | dict(session.execute(counted).all())
