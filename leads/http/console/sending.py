"""Whether mail goes out: what rests and why, what is due, and deliveries of which nobody knows."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Conflict, Invalid, StaleVersion
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker, does
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.decide import RESTORED, decide
from leads.messages.models import LANES, Message
from leads.messages.review import decide_all
from leads.messages.steer import dismiss, retry
from leads.messages.switch import pause_sending, resume_sending, stops
from leads.pipeline.models import Lead
from leads.sequences.in_words import in_words
from leads.sequences.models import Enrolment

A_PAGE = 50
router = APIRouter(prefix="/sending")
Words = Annotated[str, Form()]
Switcher = Annotated[Staff, Depends(does("sending.switch"))]
Refusal = Invalid | Conflict | StaleVersion


@router.get("")
def show(request: Request, session: Db, staff: Reader) -> Response:
    """Show what rests, what is due, and what nobody knows."""
    return _page(request, session, staff)


@router.post("/pause")
def pause(request: Request, session: Db, staff: Switcher, reason: Words = "") -> Response:
    """Stop all mail; needs a reason, and a supervisor or clinician."""
    if not reason.strip():
        return _page(request, session, staff, refusal=Invalid("Say in a few words why mail must stop. No names, please."))
    try:
        pause_sending(session, reason=reason.strip()[:200], actor=staff.actor)
    except Conflict as refusal:
        return _page(request, session, staff, refusal=refusal)
    return RedirectResponse("/console/sending", status_code=303)


@router.post("/resume")
def resume(session: Db, staff: Switcher) -> Response:
    """Let mail go again."""
    resume_sending(session, actor=staff.actor)
    return RedirectResponse("/console/sending", status_code=303)


@router.post("/{message_id}/decide")
def settle(request: Request, session: Db, staff: Worker, message_id: uuid.UUID, verdict: Words = "") -> Response:
    """Settle one unknown delivery."""
    try:
        with session.begin_nested():
            check_still_wanted(session, message_id, verdict)
            decide(session, message_id, verdict, actor=staff.actor)
    except (Invalid, Conflict) as refusal:
        return _page(request, session, staff, refusal=refusal)
    return RedirectResponse("/console/sending", status_code=303)


@router.post("/restored")
def settle_all(session: Db, staff: Switcher, verdict: Annotated[Literal["sent", "failed"], Form()]) -> Response:
    """Settle alike all that a restore left in doubt: as gone, or as not to go; those to be sent are looked at one by one."""
    decide_all(session, verdict, actor=staff.actor)
    return RedirectResponse("/console/sending", status_code=303)


@router.post("/{message_id}/failed")
def settle_failed(
    request: Request, session: Db, staff: Worker, message_id: uuid.UUID, fence: Annotated[int, Form()], verdict: Words = ""
) -> Response:
    """Have a failed mail tried once more, or say that it is not needed."""
    try:
        with session.begin_nested():
            settle_one(session, message_id, verdict, actor=staff.actor, fence=fence)
    except (Invalid, Conflict, StaleVersion) as refusal:
        return _page(request, session, staff, refusal=refusal)
    return RedirectResponse("/console/sending", status_code=303)


def settle_one(session: Session, message_id: uuid.UUID, verdict: str, *, actor: str, fence: int | None = None) -> None:
    """Do what a colleague says about a failed mail; raises Invalid, Conflict, StaleVersion or NotFound."""
    if verdict not in ("again", "not-needed"):
        raise Invalid("Say what is to be done: again or not-needed.")
    check_still_wanted(session, message_id, verdict)
    (retry if verdict == "again" else dismiss)(session, message_id, actor=actor, fence=fence)


def check_still_wanted(session: Session, message_id: uuid.UUID, verdict: str) -> None:
    """Raise Conflict where a mail is to go once more though its sequence was stopped."""
    ended = select(Enrolment.ended_at).join(Message, Message.enrolment_id == Enrolment.id).where(Message.id == message_id)
    # What ended the sequence cancelled what was planned, but could not cancel what may have gone: this one would come after the stop.
    if verdict == "again" and session.scalar(ended) is not None:
        raise Conflict("Its sequence has been stopped since, so it is not sent any more: say that it arrived, or leave it.")


def may_switch(staff: Staff) -> bool:
    """True for those who may stop all mail."""
    return staff.may("sending.switch")


def _page(request: Request, session: Session, staff: Staff, *, refusal: Refusal | None = None) -> Response:
    failed = _failed(session)
    unknown = _in_doubt(session, Message.reason.is_distinct_from(RESTORED))
    restored = _in_doubt(session, Message.reason == RESTORED)
    seen = [str(message.id) for message, _ in (*failed, *unknown, *restored)]
    record_about(session, "unknown.listed", "messages", None, actor=staff.actor, ids=seen)
    return draw(
        request,
        "sending.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="sending",
        waiting=waiting(session),
        stops=stops(session),
        due=_due(session),
        failed=failed,
        unknown=unknown,
        restored=restored,
        why=in_words,
        restored_count=_restored_count(session),
        may_switch=may_switch(staff),
        refusal=refusal,
        zone=clinic().office(None).zone,
    )


def _in_doubt(session: Session, which: ColumnElement[bool]) -> Sequence[Row[Message, Lead]]:
    rows = select(Message, Lead).outerjoin(Lead, Message.lead_id == Lead.id).where(Message.state == "unknown", which)
    return session.execute(rows.order_by(Message.id).limit(A_PAGE)).all()


def _failed(session: Session) -> Sequence[Row[Message, Lead]]:
    # What a colleague has put among the failed needs no second look.
    rows = select(Message, Lead).outerjoin(Lead, Message.lead_id == Lead.id)
    waiting = rows.where(Message.state == "failed", Message.reason.is_distinct_from("decided"))
    return session.execute(waiting.order_by(Message.state_at.desc(), Message.id).limit(A_PAGE)).all()


def _restored_count(session: Session) -> int:
    return session.scalar(select(func.count()).where(Message.state == "unknown", Message.reason == RESTORED)) or 0


def _due(session: Session) -> dict[str, int]:
    counted = select(Message.lane, func.count()).where(Message.state == "planned", Message.due_at <= now()).group_by(Message.lane)
    return dict.fromkeys(LANES, 0) | dict(session.execute(counted).all())
