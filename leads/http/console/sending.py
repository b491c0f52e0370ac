"""Whether mail goes out: what rests and why, what is due, and deliveries of which nobody knows."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Conflict, Invalid, StaleVersion
from leads.http.console import unsettled
from leads.http.console.draw import draw
from leads.http.console.shell import said_of
from leads.http.console.staff import Reader, Staff, Worker, does
from leads.http.console.unsettled import STOPPED, Place, Where, not_again
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.decide import decide
from leads.messages.models import LANES, Message
from leads.messages.review import decide_all
from leads.messages.steer import dismiss, retry
from leads.messages.switch import pause_sending, resume_sending, stops
from leads.pipeline.deeds import keep
from leads.sequences.in_words import in_words

router = APIRouter(prefix="/sending")
Words = Annotated[str, Form()]
Switcher = Annotated[Staff, Depends(does("sending.switch"))]
Refusal = Invalid | Conflict | StaleVersion


@router.get("")
def show(request: Request, session: Db, staff: Reader, place: Where) -> Response:
    """Show what rests, what is due, and what nobody knows."""
    return _page(request, session, staff, place)


@router.post("/pause")
def pause(request: Request, session: Db, staff: Switcher, place: Where, reason: Words = "") -> Response:
    """Stop all mail; needs a reason, and a supervisor or clinician."""
    if not reason.strip():
        return _page(request, session, staff, place, refusal=Invalid("Say in a few words why mail must stop. No names, please."))
    try:
        stop = pause_sending(session, reason=reason.strip()[:200], actor=staff.actor)
    except Conflict as refusal:
        return _page(request, session, staff, place, refusal=refusal)
    deed = keep(session, staff.id, "stopped", {"stop": str(stop.id)})
    return RedirectResponse(f"/console/sending{said_of('mail-stops', deed)}", status_code=303)


@router.post("/resume")
def resume(session: Db, staff: Switcher) -> Response:
    """Let mail go again."""
    held = [str(stop.id) for stop in stops(session)]
    resume_sending(session, actor=staff.actor)
    deed = keep(session, staff.id, "let-go", {"stops": held})
    return RedirectResponse(f"/console/sending{said_of('mail-goes', deed)}", status_code=303)


@router.post("/{message_id}/decide")
def settle(request: Request, session: Db, staff: Worker, place: Where, message_id: uuid.UUID, verdict: Words = "") -> Response:
    """Settle one unknown delivery."""
    try:
        with session.begin_nested():
            settle_doubt(session, message_id, verdict, actor=staff.actor)
    except (Invalid, Conflict) as refusal:
        return _page(request, session, staff, place, refusal=refusal)
    return RedirectResponse(f"/console/sending{place.beyond(said='mail-settled')}", status_code=303)


@router.post("/restored")
def settle_all(session: Db, staff: Switcher, verdict: Annotated[Literal["sent", "failed"], Form()]) -> Response:
    """Settle alike all that a restore left in doubt: as gone, or as not to go; those to be sent are looked at one by one."""
    decide_all(session, verdict, actor=staff.actor)
    return RedirectResponse("/console/sending?said=mail-settled", status_code=303)


@router.post("/{message_id}/failed")
def settle_failed(
    request: Request, session: Db, staff: Worker, place: Where, message_id: uuid.UUID, fence: Annotated[int, Form()], verdict: Words = ""
) -> Response:
    """Have a failed mail tried once more, or say that it is not needed."""
    try:
        with session.begin_nested():
            settle_one(session, message_id, verdict, actor=staff.actor, fence=fence)
    except (Invalid, Conflict, StaleVersion) as refusal:
        return _page(request, session, staff, place, refusal=refusal)
    return RedirectResponse(f"/console/sending{place.beyond(said='mail-settled')}", status_code=303)


def settle_doubt(session: Session, message_id: uuid.UUID, verdict: str, *, actor: str) -> None:
    """Do what a colleague says about a mail of which nobody knows; raises Invalid, Conflict or NotFound."""
    check_still_wanted(session, message_id, verdict)
    decide(session, message_id, verdict, actor=actor)


def settle_one(session: Session, message_id: uuid.UUID, verdict: str, *, actor: str, fence: int | None = None) -> None:
    """Do what a colleague says about a failed mail; raises Invalid, Conflict, StaleVersion or NotFound."""
    if verdict not in ("again", "not-needed"):
        raise Invalid("Say what is to be done: again or not-needed.")
    check_still_wanted(session, message_id, verdict)
    (retry if verdict == "again" else dismiss)(session, message_id, actor=actor, fence=fence)


def check_still_wanted(session: Session, message_id: uuid.UUID, verdict: str) -> None:
    """Raise Conflict where a mail is to go once more though its sequence was stopped."""
    if verdict == "again" and not_again(session, [message_id]):
        raise Conflict(f"{STOPPED}, so it is not sent any more: say that it arrived, or leave it.")


def may_switch(staff: Staff) -> bool:
    """True for those who may stop all mail."""
    return staff.may("sending.switch")


def _page(request: Request, session: Session, staff: Staff, place: Place, *, refusal: Refusal | None = None) -> Response:
    failed, unknown, restored = (listed(session, place) for listed in (unsettled.failed, unsettled.unknown, unsettled.restored))
    seen = [mail.id for mail in (*failed.rows, *unknown.rows, *restored.rows)]
    record_about(session, "unknown.listed", "messages", None, actor=staff.actor, ids=[str(each) for each in seen])
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
        not_again=not_again(session, seen),
        why_not_again=STOPPED,
        why=in_words,
        place=place,
        may_switch=may_switch(staff),
        refusal=refusal,
        zone=clinic().office(None).zone,
    )


def _due(session: Session) -> dict[str, int]:
    counted = select(Message.lane, func.count()).where(Message.state == "planned", Message.due_at <= now()).group_by(Message.lane)
    return dict.fromkeys(LANES, 0) | dict(session.execute(counted).all())
