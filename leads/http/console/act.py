"""Doing something to a lead from its page: on the version that was read, or not at all, and never losing what was typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.errors import Forbidden, LeadsError, StaleVersion
from leads.http.console.lead_page import show
from leads.http.console.restriction import check_open
from leads.http.console.staff import Staff, Worker, typed_words
from leads.http.transaction import Db
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.stages import at_version

STALE = "Somebody changed this lead after you opened it. Nothing of yours was done; what you typed is still below. Look, then decide."


@dataclass(frozen=True)
class Action:
    """A form of a lead's page: who sent it, about which lead, on which version, with which words."""

    request: Request
    session: Session
    staff: Staff
    number: str
    version: int
    read_at: str
    typed: dict[str, str]


def action(
    request: Request,
    session: Db,
    staff: Worker,
    number: str,
    typed: Annotated[dict[str, str], Depends(typed_words)],
    version: Annotated[int, Form()] = 0,
    read_at: Annotated[str, Form()] = "",
) -> Action:
    """Return the form as it came."""
    return Action(request, session, staff, number, version, read_at, typed)


Asked = Annotated[Action, Depends(action)]


Again = Callable[[Action, Lead, LeadsError], Response]


def do(asked: Action, verb: Callable[[Lead], object], *, done: str = "", again: Again | None = None) -> Response:
    """Run a verb on the lead and return to its page; a refusal undoes all of it and shows the page (or `again`) with the reason."""
    lead = by_number(asked.session, asked.number)
    check_open(asked.session, asked.staff, lead)
    try:
        with asked.session.begin_nested():
            held = at_version(asked.session, lead.id, asked.version)
            verb(held)
            # Every write counts, so that the same form pressed twice acts once.
            if held.version == asked.version:
                held.version += 1
    except Forbidden:
        raise
    except LeadsError as refusal:
        asked.session.refresh(lead)
        return (again or _again)(asked, lead, StaleVersion(STALE) if isinstance(refusal, StaleVersion) else refusal)
    return RedirectResponse(f"/console/leads/{lead.number}{done}", status_code=303)


def _again(asked: Action, lead: Lead, refusal: LeadsError) -> Response:
    is_stale = isinstance(refusal, StaleVersion)
    since = _moment(asked.read_at) if is_stale else None
    return show(asked.request, asked.session, asked.staff, lead, refusal=refusal, typed=asked.typed, read_at=since)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
