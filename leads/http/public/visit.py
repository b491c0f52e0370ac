"""`/a/{token}`: a person's visit, to be confirmed, changed or called off; GET shows it, only POST acts, and no name is shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts.throttle import count
from leads.appointments.ask import LONGEST, ask_to_move
from leads.appointments.book import confirm as confirm_visit
from leads.appointments.cancel import cancel as cancel_visit
from leads.appointments.models import Appointment
from leads.appointments.open_link import Opened, open_link
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Conflict, LeadsError, StaleVersion
from leads.http.page_use import note_use
from leads.http.pages import page
from leads.http.public.confirm import speaking
from leads.http.public.typed import Typed
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.wording import Words
from leads.messages.calendar_file import FILE_NAME, Method, calendar_file
from leads.messages.places import office_words
from leads.people.models import Person

ACTS_AN_HOUR = 30
DONE = ("confirmed", "asked")
router = APIRouter(prefix="/a/{token}")
Version = Annotated[int, Form()]


@dataclass(frozen=True)
class Shown:
    """How a visit looks to the person whose it is, and what they may do about it now."""

    heading: str
    may_confirm: bool = False
    may_cancel: bool = False
    may_ask: bool = True
    is_coming: bool = False
    is_confirmed: bool = False
    until: datetime | None = None

    @property
    def asks_first(self) -> bool:
        """True where another time is all there is to ask for."""
        return not self.may_cancel


@router.api_route("", methods=["GET", "HEAD"])
def show(request: Request, session: Db, token: str, done: str = "") -> Response:
    """Show when and where, how to get there, and what may be answered; a mail scanner that looks in changes nothing."""
    note_use(request, session, open_link(session, token).visit.person_id, "visit")
    return _show(request, session, token, done=done if done in DONE else "")


@router.api_route("/calendar.ics", methods=["GET", "HEAD"])
def file(request: Request, session: Db, token: str) -> Response:
    """Return the visit for a calendar: the same entry as the mail's, so that one replaces the other."""
    opened = open_link(session, token)
    visit, person = opened.visit, session.get_one(Person, opened.visit.person_id)
    method: Method = "PUBLISH" if visit.state == "booked" else "CANCEL"
    facts = {
        "visit_at": visit.starts_at.isoformat(),
        "visit_ends": visit.ends_at.isoformat(),
        "office": visit.office,
        "appointment": str(visit.id),
        "ics_sequence": visit.ics_sequence,
    }
    made = calendar_file(facts, method=method, language=speaking(request, session, opened.link), discreet=person.discreet)
    named = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    return Response(made, media_type="text/calendar; charset=utf-8", headers=named)


@router.post("/confirm")
def confirm(request: Request, session: Db, token: str, version: Version = 0) -> Response:
    """Say that they come, or take the time that was offered; pressing again changes nothing."""

    def verb(opened: Opened) -> None:
        confirm_visit(session, opened.visit.id, version=version, actor=opened.actor)

    return _act(request, session, token, verb, done="confirmed")


@router.post("/cancel")
def cancel(request: Request, session: Db, token: str, version: Version = 0) -> Response:
    """Call it off; nobody is asked why."""

    def verb(opened: Opened) -> None:
        if opened.visit.state != "cancelled":
            cancel_visit(session, opened.visit.id, version=version, actor=opened.actor, reason="")

    return _act(request, session, token, verb, done="")


@router.post("/ask")
def ask(request: Request, session: Db, token: str, typed: Typed) -> Response:
    """Ask for another time; a word of self-harm leads to the crisis page instead of thanks."""
    _count(request, session)
    opened, text = open_link(session, token), typed.get("text", "").strip()[:LONGEST]
    language = speaking(request, session, opened.link)
    # No version here, on purpose: whatever happened to the visit meanwhile, what somebody wrote is read.
    asked = ask_to_move(session, opened.visit.id, text, actor=opened.actor)
    if asked.disclosed:
        return RedirectResponse(f"/crisis?language={language}&kept=yes", status_code=303)
    return RedirectResponse(f"/a/{token}?language={language}&done=asked", status_code=303)


def shown_as(visit: Appointment) -> Shown:
    """Return what the page of a visit says and offers at this moment."""
    coming = visit.starts_at > now()
    if visit.state == "offered":
        lapsed = not coming or (visit.offered_until is not None and visit.offered_until <= now())
        return Shown("lapsed") if lapsed else Shown("offered", may_confirm=True, may_cancel=True, until=visit.offered_until)
    if visit.state == "booked":
        confirmed = visit.confirmed_at is not None
        return Shown("booked", may_confirm=coming and not confirmed, may_cancel=coming, is_coming=coming, is_confirmed=confirmed)
    return Shown(visit.state)


def _act(request: Request, session: Session, token: str, verb: Callable[[Opened], object], *, done: str) -> Response:
    _count(request, session)
    opened = open_link(session, token)
    language = speaking(request, session, opened.link)
    try:
        with session.begin_nested():
            verb(opened)
    except (StaleVersion, Conflict) as refusal:
        session.expire_all()
        return _show(request, session, token, refusal=refusal)
    return RedirectResponse(f"/a/{token}?language={language}{f'&done={done}' if done else ''}", status_code=303)


def _count(request: Request, session: Session) -> None:
    count(session, "visit-source", source_of(request), limit=ACTS_AN_HOUR, within=timedelta(hours=1))


def _show(request: Request, session: Session, token: str, *, done: str = "", refusal: LeadsError | None = None) -> Response:
    opened = open_link(session, token)
    visit, language = opened.visit, speaking(request, session, opened.link)
    words, office = Words(language), clinic().office(visit.office)
    shown = shown_as(visit)
    if done == "asked" and shown.heading not in ("offered", "booked"):
        done = "asked_free"
    if shown.until is not None:
        shown = replace(shown, until=shown.until.astimezone(office.zone))
    return page(
        request,
        "public/visit.html",
        status=refusal.status if refusal else 200,
        lang=language,
        here=f"/a/{token}",
        visit=visit,
        shown=shown,
        done=done,
        refusal=words("visit.changed") if refusal else "",
        starts=visit.starts_at.astimezone(office.zone),
        ends=visit.ends_at.astimezone(office.zone),
        office=office_words(office, language),
        values={},
        errors={},
    )
