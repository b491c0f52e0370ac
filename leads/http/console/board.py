"""The board: open leads by stage, moved by mouse, by keyboard or without a script; only where a lead may go now."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.appointments.follow import move_lead
from leads.clinic.profile import clinic
from leads.errors import Forbidden, LeadsError, StaleVersion
from leads.http.console.draw import draw
from leads.http.console.leads_list import owners_of, put_on_record, read
from leads.http.console.restriction import open_lead, read_person
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.find import by_number
from leads.pipeline.models import Deed, Lead
from leads.pipeline.move_back import move_and_keep
from leads.pipeline.stages import STAGES, Action, actions
from leads.pipeline.worklist import at_stage, count_at_stages

COLUMNS = tuple(stage for stage in STAGES if stage != "closed")
A_COLUMN = 12
STALE = "{number} was changed after you opened the board: it is {stage} now. Nothing of yours was done. Look, then decide."
Words = Annotated[str, Form()]
router = APIRouter(prefix="/board")


@router.get("")
def show(request: Request, session: Db, staff: Reader, office: str = "", owner: str = "", source: str = "") -> Response:
    """Show the first leads at each stage; whom it shows is put on record."""
    chosen, filters = read({"office": office, "owner": owner, "source": source}, staff)
    columns = {stage: at_stage(session, stage, filters, after=None, limit=A_COLUMN) for stage in COLUMNS}
    rows = [row for column in columns.values() for row in column]
    put_on_record(session, rows, staff, need="board")
    return draw(
        request,
        "board.html",
        staff=staff,
        tab="board",
        columns=columns,
        counts=count_at_stages(session, COLUMNS, filters),
        moves={stage: _offered(columns[stage][0].lead, staff) for stage in COLUMNS if columns[stage]},
        chosen=chosen,
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
    to: Words = "",
    reason: Words = "",
    outcome: Words = "",
) -> Response:
    """Move a lead on the version that was read, and go back to the board; a refusal asks again, with what was typed."""
    lead, words = open_lead(session, staff, number), {"reason": reason.strip() or None, "outcome": outcome or None}
    try:
        with session.begin_nested():
            moved = move_and_keep(
                session,
                lead,
                lambda: move_lead(session, lead.id, to, version=version, actor=staff.actor, roles=staff.roles, **words),
                account_id=staff.id,
            )
    except LeadsError as refusal:
        session.refresh(lead)
        return _ask(request, session, staff, lead, to=to, typed={"reason": reason, "outcome": outcome}, refusal=refusal)
    told = f"said=moved&did={moved.id}" if isinstance(moved, Deed) else f"said=moved-{moved}"
    return RedirectResponse(f"/console/board?{told}#{lead.number}", status_code=303)


def _ask(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    *,
    to: str,
    typed: Mapping[str, str] | None = None,
    refusal: LeadsError | None = None,
) -> Response:
    person = read_person(session, staff, lead)
    stale = STALE.format(number=lead.number, stage=lead.stage.replace("_", " ")) if isinstance(refusal, StaleVersion) else None
    context: dict[str, Any] = {"lead": lead, "person": person, "moves": _offered(lead, staff), "to": to, "typed": typed or {}}
    return draw(
        request,
        "move.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="board",
        waiting=waiting(session),
        refusal=stale or refusal,
        outcomes=clinic().outcomes,
        **context,
    )


def _offered(lead: Lead, staff: Staff) -> list[Action]:
    # A lead becomes booked by booking: its page offers the times.
    return [each for each in actions(lead, staff.roles) if each.to != "booked"]
