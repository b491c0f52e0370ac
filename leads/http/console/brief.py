"""The day in numbers, and whether a colleague wants it by mail each business morning."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from leads.clinic.profile import clinic
from leads.http.console.draw import draw
from leads.http.console.staff import Reader, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.notices import wants_brief
from leads.reports.brief import brief, want_brief

router = APIRouter(prefix="/brief")


@router.get("")
def show(request: Request, session: Db, staff: Reader) -> Response:
    """Show the day's counts."""
    at = clinic().staff_mail.daily_brief_at
    wanted = wants_brief(session, staff.id)
    return draw(request, "brief.html", staff=staff, tab="leads", waiting=waiting(session), brief=brief(session), wanted=wanted, brief_at=at)


@router.post("")
def choose(session: Db, staff: Worker, wanted: Annotated[bool, Form()] = False) -> Response:
    """Begin or end the mail."""
    want_brief(session, staff.id, wanted=wanted)
    return RedirectResponse(f"/console/brief?said={'brief-wanted' if wanted else 'brief-ended'}", status_code=303)
