"""A lead's visit: free times by office and calendar, and to offer, book, move, cancel it, or say how it went."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.appointments.arrive import attended, no_show
from leads.appointments.book import book, confirm, offer, why_no_offer
from leads.appointments.cancel import cancel
from leads.appointments.expire import is_over
from leads.appointments.models import Appointment
from leads.appointments.move import move
from leads.appointments.slots import Slot, free_slots, slot_at
from leads.appointments.standing import visit_of
from leads.clinic.profile import clinic
from leads.clinic.visits import VisitCalendar
from leads.clock import local_to_utc, now
from leads.errors import FieldError, Invalid, LeadsError, NotFound
from leads.http.console.act import Action, Asked, do, since_read
from leads.http.console.draw import draw
from leads.http.console.restriction import read_person
from leads.http.console.staff import Reader, Staff
from leads.http.console.timeline import named_in, since_then
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.console.words import zone_of
from leads.http.transaction import Db
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead

WEEK = timedelta(days=7)
MOST = 300
router = APIRouter(prefix="/leads/{number}/visit")
Words = Annotated[str, Form()]
Version = Annotated[int, Form()]


@dataclass(frozen=True)
class Chosen:
    """What the page of free times shows: an office, one of its calendars or all, and the week that begins on a Monday."""

    office: str
    calendar: str
    monday: date

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the office: its clock is the one that counts."""
        return clinic().office(self.office).zone

    def week(self, by: int) -> date:
        """Return the Monday so many weeks on."""
        return self.monday + WEEK * by

    def start_of(self, day: date) -> datetime:
        """Return the moment a day of this office begins."""
        return local_to_utc(day, datetime.min.time(), self.zone)


@router.get("")
def show(request: Request, session: Db, staff: Reader, number: str, office: str = "", calendar: str = "", week: str = "") -> Response:
    """Show the free times of a week; the reading is put on record."""
    lead = by_number(session, number)
    return _page(request, session, staff, lead, chosen_from(lead, office, calendar, week))


@router.post("/choose")
def choose(
    asked: Asked,
    act: Words = "",
    slot: Words = "",
    typed_at: Words = "",
    office: Words = "",
    calendar: Words = "",
    week: Words = "",
    visit_version: Version = 0,
) -> Response:
    """Offer or book the chosen time, or move the visit there; where somebody was faster, show what is free now."""
    chosen = chosen_from(None, office, calendar, week)

    def verb(lead: Lead) -> None:
        time = _typed_slot(typed_at, chosen) if act.endswith("-typed") else _slot(slot)
        _put(asked, lead, act.removesuffix("-typed"), time, version=visit_version)

    def again(asked: Action, lead: Lead, refusal: LeadsError) -> Response:
        typed = asked.typed | {"slot": slot, "typed_at": typed_at}
        return _page(
            asked.request, asked.session, asked.staff, lead, chosen, refusal=refusal, typed=typed, since=since_read(asked, refusal)
        )

    return do(asked, verb, done=f"?said=visit-{act.removesuffix('-typed')}#visit", again=again)


@router.post("/act")
def act_on(asked: Asked, visit: Annotated[uuid.UUID, Form()], act: Words = "", reason: Words = "", visit_version: Version = 0) -> Response:
    """Confirm or cancel the visit, or say whether they came."""

    def verb(lead: Lead) -> None:
        known = asked.session.get(Appointment, visit)
        if known is None or known.lead_id != lead.id:
            raise NotFound(f"There is no such visit on {lead.number}.")
        said: dict[str, Any] = {"version": visit_version, "actor": asked.staff.actor}
        if act == "cancel":
            cancel(asked.session, visit, reason=_why(reason), **said)
        elif act in (verbs := {"confirm": confirm, "attended": attended, "no-show": no_show}):
            verbs[act](asked.session, visit, **said)
        else:
            raise Invalid("Choose what happened to the visit.")

    return do(asked, verb, done=f"?said=visit-{act}#visit")


def calendars_at(office: str) -> list[VisitCalendar]:
    """Return the calendars of an office."""
    return [each for each in clinic().visits.calendars if each.office == office]


def chosen_from(lead: Lead | None, office: str, calendar: str, week: str) -> Chosen:
    """Return what was chosen, sensible where it was not: the lead's office, anybody, this week."""
    place = clinic().office(office or (lead.office if lead else None))
    try:
        day = date.fromisoformat(week)
    except ValueError:
        day = now().astimezone(place.zone).date()
    known = calendar if calendar in {each.code for each in calendars_at(place.code)} else ""
    return Chosen(place.code, known, day - timedelta(days=day.weekday()))


def _put(asked: Action, lead: Lead, act: str, slot: Slot, *, version: int) -> None:
    session, actor = asked.session, asked.staff.actor
    if act == "move":
        standing = visit_of(session, lead.id)
        if standing is None or not standing.is_live:
            raise NotFound(f"{lead.number} has no visit to move.")
        move(session, standing.id, slot, version=version, actor=actor)
    elif act in ("book", "offer"):
        (book if act == "book" else offer)(session, lead.id, slot, actor=actor)
    else:
        raise Invalid("Choose whether to offer or to book the time.")


def _slot(text: str) -> Slot:
    calendar, _, starts = text.partition("|")
    try:
        moment = datetime.fromisoformat(starts)
    except ValueError:
        message = "Choose one of the times."
        raise Invalid(message, errors=(FieldError("slot", "required", message),)) from None
    return slot_at(calendar, moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _typed_slot(text: str, chosen: Chosen) -> Slot:
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        message = "Type the day and the time of the visit."
        raise Invalid(message, errors=(FieldError("typed_at", "no_time", message),)) from None
    starts = local_to_utc(local.date(), local.time(), chosen.zone)
    return Slot(chosen.office, None, starts, starts + timedelta(minutes=clinic().visits.minutes))


def _why(reason: str) -> str:
    if not reason.strip():
        message = "Say in a few words why the visit is cancelled."
        raise Invalid(message, errors=(FieldError("reason", "required", message),))
    return reason.strip()


def _offering(session: Session, person: Person, ahead: Appointment | None) -> dict[str, Any]:
    against = why_no_offer(session, person)
    # An offer whose time to answer has passed stands in nobody's way.
    stands = ahead is not None and not is_over(ahead)
    is_offered = "One is offered already: move it here, or take it back first." if stands else None
    return {"no_offer": against or is_offered, "may_move_offer": stands and not against}


def _days(slots: Sequence[Slot], zone: ZoneInfo) -> list[tuple[date, list[Slot]]]:
    return [(day, list(found)) for day, found in groupby(slots, key=lambda slot: slot.starts_at.astimezone(zone).date())]


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    chosen: Chosen,
    *,
    refusal: LeadsError | None = None,
    typed: Mapping[str, str] | None = None,
    since: datetime | None = None,
) -> Response:
    person, standing = read_person(session, staff, lead), visit_of(session, lead.id)
    ahead = standing if standing and standing.is_live else None
    asked: dict[str, Any] = {"office": chosen.office, "calendar": chosen.calendar or None}
    # A colleague has somebody on the phone: the notice is for offers that nobody looks at before they go out.
    asked |= {"soon": True, "besides": ahead.id if ahead else None}
    begins, until = chosen.start_of(chosen.monday), chosen.start_of(chosen.week(1))
    slots = free_slots(session, **asked, since=begins, until=until, limit=MOST)
    later = [] if slots else free_slots(session, **asked, since=until, limit=1)
    return draw(
        request,
        "visit.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        person=person,
        standing=ahead,
        chosen=chosen,
        offices=clinic().offices,
        calendars=calendars_at(chosen.office),
        days=_days(slots, chosen.zone),
        next_free=later[0].starts_at.astimezone(chosen.zone).date() if later else None,
        may_go_back=until > now() + WEEK,
        one_day=timedelta(days=1),
        refusal=refusal,
        news=(told := since_then(session, lead, since)),
        names=who_is_who(session, named_in(told)),
        zone=zone_of(lead.office),
        typed=typed or {},
        read_at=now(),
        **_offering(session, person, ahead),
    )
