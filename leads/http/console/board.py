"""The board: open leads by stage, moved by mouse, by keyboard or without a script; only where a lead may go now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.appointments.follow import move_lead
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Forbidden, LeadsError, StaleVersion
from leads.http.console.act import news_since
from leads.http.console.draw import draw
from leads.http.console.leads_list import owners_of, put_on_record, read
from leads.http.console.not_now import not_straight
from leads.http.console.restriction import open_lead, read_person
from leads.http.console.shell import said_of
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.timeline import named_in, since_then
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.console.words import zone_of
from leads.http.transaction import Db
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.stages import OPEN_STAGES, Action, actions_at
from leads.pipeline.take_back import act_and_keep
from leads.pipeline.views import address_of, query_of, view_on, views_of
from leads.pipeline.worklist import count_at_stages, first_at_stages

A_COLUMN = 12
STALE = "{number} was changed after you opened the board: it is {stage} now. Nothing of yours was done. Look, then decide."
Words = Annotated[str, Form()]
router = APIRouter(prefix="/board")


@router.get("")
def show(request: Request, session: Db, staff: Reader, office: str = "", owner: str = "", source: str = "") -> Response:
    """Show the first leads at each stage; whom it shows is put on record."""
    chosen, filters = read({"office": office, "owner": owner, "source": source}, staff.id)
    columns = first_at_stages(session, OPEN_STAGES, filters, limit=A_COLUMN)
    rows = [row for column in columns.values() for row in column]
    put_on_record(session, rows, staff, need="board")
    return draw(
        request,
        "board.html",
        staff=staff,
        tab="board",
        columns=columns,
        counts=count_at_stages(session, OPEN_STAGES, filters),
        moves={stage: _offered(stage, staff) for stage in OPEN_STAGES},
        chosen=chosen,
        live=query_of(chosen),
        query=view_on("board", chosen),
        views=views_of(session, staff.id),
        address_of=address_of,
        read_at=now(),
        offices=clinic().offices,
        waiting=waiting(session),
        owners=owners_of(session, rows),
    )


@router.get("/{number}/move")
def ask(request: Request, session: Db, staff: Reader, number: str, to: str = "") -> Response:
    """Ask where a lead goes, and for the reason or outcome that the move needs; raises Forbidden for who only looks."""
    if not staff.may_work:
        raise Forbidden("Your account may look at leads, not move them.")
    return _ask(request, session, staff, by_number(session, number), to=to)


@router.post("/{number}/move")
def move(
    request: Request,
    session: Db,
    staff: Worker,
    number: str,
    version: Annotated[int, Form()] = 0,
    read_at: Words = "",
    to: Words = "",
    reason: Words = "",
    outcome: Words = "",
) -> Response:
    """Move a lead on the version that was read, and go back to the board; a refusal asks again, with what was typed."""
    lead, words = open_lead(session, staff, number), {"reason": reason.strip() or None, "outcome": outcome or None}
    try:
        with session.begin_nested():
            moved = act_and_keep(
                session,
                lead,
                "moved",
                lambda: move_lead(session, lead.id, to, version=version, actor=staff.actor, roles=staff.roles, **words),
                account_id=staff.id,
            )
    except LeadsError as refusal:
        session.refresh(lead)
        since, typed = news_since(read_at, refusal), {"reason": reason, "outcome": outcome}
        return _ask(request, session, staff, lead, to=to, typed=typed, refusal=refusal, since=since)
    return RedirectResponse(f"/console/board{said_of('moved', moved)}#{lead.number}", status_code=303)


def _ask(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    *,
    to: str,
    typed: Mapping[str, str] | None = None,
    refusal: LeadsError | None = None,
    since: datetime | None = None,
) -> Response:
    person, told = read_person(session, staff, lead), since_then(session, lead, since)
    if isinstance(refusal, StaleVersion):
        refusal = StaleVersion(STALE.format(number=lead.number, stage=lead.stage.replace("_", " ")))
    context: dict[str, Any] = {"lead": lead, "person": person, "moves": _offered(lead.stage, staff), "to": to, "typed": typed or {}}
    return draw(
        request,
        "move.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="board",
        waiting=waiting(session),
        refusal=refusal,
        news=told,
        names=who_is_who(session, named_in(told)),
        zone=zone_of(lead.office),
        read_at=now(),
        not_straight=not_straight(lead.stage),
        outcomes=clinic().outcomes,
        **context,
    )


def _offered(stage: str, staff: Staff) -> list[Action]:
    # A lead becomes booked by booking: its page offers the times.
    return [each for each in actions_at(stage, staff.roles) if each.to != "booked"]
