"""Safety: the alarms that ring, who was paged when, and who is on call; by number only, until somebody opens the lead."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from leads.accounts.staff import names_of
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.consent.models import Hold
from leads.errors import LeadsError, NotFound
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.safety.models import Alarm, ContactTest, Page
from leads.safety.oncall import good_for, roster
from leads.safety.take import take
from leads.safety.try_contact import answer, try_everybody

A_PAGE = 50
router = APIRouter(prefix="/safety")


@dataclass(frozen=True)
class Shown:
    """One alarm as the page has it."""

    alarm: Alarm
    lead: Lead
    pages: Sequence[tuple[Page, Message]]


@router.get("")
def show(request: Request, session: Db, staff: Reader) -> Response:
    """Show what rings, what waits for a clinician's release, and who is on call."""
    return _draw(request, session, staff)


@router.post("/{alarm_id}/take")
def have_it(request: Request, session: Db, staff: Worker, alarm_id: uuid.UUID) -> Response:
    """Note who has it: nobody else is asked from now on."""
    try:
        with session.begin_nested():
            alarm = take(session, alarm_id, actor=staff.actor)
    except LeadsError as refusal:
        return _draw(request, session, staff, refusal=refusal)
    return RedirectResponse(f"/console/leads/{session.get_one(Lead, alarm.lead_id).number}?said=alarm-taken", status_code=303)


@router.post("/test")
def send_test(request: Request, session: Db, staff: Worker, email: Annotated[str, Form()] = "") -> Response:
    """Send a test page to one of those on the roster, or to all of them."""
    try:
        with session.begin_nested():
            try_everybody(session, email=email or None, actor=staff.actor)
    except LeadsError as refusal:
        return _draw(request, session, staff, refusal=refusal)
    return RedirectResponse("/console/safety?said=tested", status_code=303)


@router.get("/test/{test_id}")
def show_test(request: Request, session: Db, staff: Reader, test_id: uuid.UUID) -> Response:
    """Show the button of a test; a mail scanner that looks in answers nothing."""
    test = session.get(ContactTest, test_id)
    if test is None:
        raise NotFound("There is no such test.")
    return draw(
        request, "safety_test.html", staff=staff, tab="safety", waiting=waiting(session), test=test, is_mine=test.account_id == staff.id
    )


@router.post("/test/{test_id}")
def answer_test(session: Db, staff: Worker, test_id: uuid.UUID) -> Response:
    """Note that a test reached whom it was for."""
    answer(session, test_id, account_id=staff.id)
    return RedirectResponse(f"/console/safety/test/{test_id}?said=test-answered", status_code=303)


def _draw(request: Request, session: Session, staff: Staff, *, refusal: LeadsError | None = None) -> Response:
    shown = _alarms(session)
    # A number is no name, yet that somebody spoke of danger is the most private thing we hold.
    record_about(session, "safety.listed", "alarms", None, actor=staff.actor, leads=[each.lead.number for each in shown])
    return draw(
        request,
        "safety.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="safety",
        waiting=waiting(session),
        refusal=refusal,
        ringing=[each for each in shown if each.alarm.taken_at is None],
        taken=[each for each in shown if each.alarm.taken_at is not None],
        names=_names(session, shown),
        offices={office.code: office for office in clinic().offices},
        roster=roster(session),
        on_call=clinic().on_call,
        good_for=good_for(),
        zone=clinic().office(None).zone,
    )


def _alarms(session: Session) -> Sequence[Shown]:
    """Return what nobody has taken, and what somebody has and no clinician has released, the longest waiting first."""
    held = exists().where(Hold.person_id == Alarm.person_id, Hold.released_at.is_(None))
    mine = select(Alarm, Lead).join(Lead, Lead.id == Alarm.lead_id).where(Alarm.ended_at.is_(None), or_(Alarm.taken_at.is_(None), held))
    rows = session.execute(mine.order_by(Alarm.taken_at.desc().nulls_first(), Alarm.raised_at).limit(A_PAGE)).all()
    ids = [alarm.id for alarm, _ in rows]
    pages = session.execute(
        select(Page, Message).join(Message, Message.id == Page.message_id).where(Page.alarm_id.in_(ids)).order_by(Page.id.desc())
    ).all()
    return [Shown(alarm, lead, [(page, mail) for page, mail in pages if page.alarm_id == alarm.id]) for alarm, lead in rows]


def _names(session: Session, shown: Sequence[Shown]) -> Mapping[str, str]:
    """Return the names of those who were paged, or took an alarm, by how the record names them."""
    paged = {page.account_id for each in shown for page, _ in each.pages if page.account_id}
    took = {uuid.UUID(who) for each in shown if (who := (each.alarm.taken_by or "").removeprefix("account:"))}
    return {f"account:{account_id}": name for account_id, name in names_of(session, paged | took).items()}
