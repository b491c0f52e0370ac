"""Doing something to a lead from its page: on the version that was read, or not at all, and never losing what was typed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.errors import Forbidden, LeadsError, StaleVersion
from leads.http.console.lead_page import show
from leads.http.console.restriction import check_open
from leads.http.console.shell import said_of
from leads.http.console.staff import Staff, Worker, typed_words
from leads.http.transaction import Db
from leads.pipeline.find import by_number
from leads.pipeline.models import Deed, Lead
from leads.pipeline.stages import at_version
from leads.pipeline.take_back import Why, act_and_keep

T = TypeVar("T")
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


def do(asked: Action, verb: Callable[[Lead], T], *, done: str | Callable[[T], str] = "", again: Again | None = None) -> Response:
    """Run a verb on the lead and return to its page; a refusal undoes all of it and shows the page (or `again`) with the reason.

    `done` is how the address of that page ends, or says so of what came of the verb.
    """
    lead = by_number(asked.session, asked.number)
    check_open(asked.session, asked.staff, lead)
    try:
        with asked.session.begin_nested():
            held = at_version(asked.session, lead.id, asked.version)
            came = verb(held)
            # Every write counts, so that the same form pressed twice acts once.
            if held.version == asked.version:
                held.version += 1
    except Forbidden:
        raise
    except LeadsError as refusal:
        asked.session.refresh(lead)
        return (again or _again)(asked, lead, StaleVersion(STALE) if isinstance(refusal, StaleVersion) else refusal)
    ending = done(came) if callable(done) else done
    return RedirectResponse(f"/console/leads/{lead.number}{ending}", status_code=303)


def did(asked: Action, code: str, verb: Callable[[Lead], object], *, place: str = "", again: Again | None = None) -> Response:
    """Run a verb as `do` does; the toast on the page after it takes it back, or says why it cannot. `place` is where the page opens."""

    def kept(lead: Lead) -> Deed | Why:
        return act_and_keep(asked.session, lead, code, lambda: verb(lead), account_id=asked.staff.id)

    return do(asked, kept, done=lambda came: said_of(code, came, place), again=again)


def _again(asked: Action, lead: Lead, refusal: LeadsError) -> Response:
    since = since_read(asked, refusal)
    return show(asked.request, asked.session, asked.staff, lead, refusal=refusal, typed=asked.typed, read_at=since)


def since_read(asked: Action, refusal: LeadsError) -> datetime | None:
    """Return since when what changed is news to whoever sent a form; None where nothing had changed."""
    return news_since(asked.read_at, refusal)


def news_since(read_at: str, refusal: LeadsError) -> datetime | None:
    """Return since when what changed is news to whoever read a page at this moment; None where nothing had changed."""
    if not isinstance(refusal, StaleVersion):
        return None
    with suppress(ValueError):
        found = datetime.fromisoformat(read_at)
        return found if found.tzinfo else None
    return None
