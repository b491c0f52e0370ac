"""The visits of an office by day and week, the stretches that are blocked, and the feeds for calendar programs."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.appointments.block import block, lift
from leads.appointments.feed import feeds, make_feed, revoke_feed
from leads.appointments.models import Appointment, CalendarBlock
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.errors import Conflict, FieldError, Forbidden, Invalid, LeadsError
from leads.http.console.draw import draw
from leads.http.console.lead_visit import calendars_at
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.pipeline.views import address_of, view_on, views_of

DAY = timedelta(days=1)
# What was cancelled or is only offered takes no place in anybody's day, but for an offer somebody may still accept.
LISTED = ("offered", "booked", "attended", "no_show")
router = APIRouter(prefix="/visits")
Words = Annotated[str, Form()]


@dataclass(frozen=True)
class Chosen:
    """What the list shows: an office and a day, or the seven days from one on."""

    office: str
    first: date
    span: str

    @property
    def days(self) -> int:
        """How many days that are."""
        return 7 if self.span == "week" else 1

    @property
    def last(self) -> date:
        """The last day shown."""
        return self.first + DAY * (self.days - 1)

    @property
    def before(self) -> date:
        """Where the list before this one begins."""
        return self.first - DAY * self.days

    @property
    def after(self) -> date:
        """Where the next list begins."""
        return self.first + DAY * self.days

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the office."""
        return clinic().office(self.office).zone

    @property
    def path(self) -> str:
        """The address of this list."""
        return f"/console/visits?office={self.office}&span={self.span}&from={self.first}"


@dataclass(frozen=True)
class Day:
    """One day of an office: who comes, what is blocked, and why it is closed."""

    date: date
    closed: str | None
    rows: Sequence[Row[Appointment, Lead, Person]]
    blocks: Sequence[CalendarBlock]


@router.get("")
def show(request: Request, session: Db, staff: Reader, office: str = "", span: str = "week") -> Response:
    """Show who comes when; the reading is put on record."""
    return _page(request, session, staff, _chosen(office, span, request.query_params.get("from", "")))


@router.post("/blocks")
def add_block(
    request: Request, session: Db, staff: Worker, calendar: Words = "", starts: Words = "", ends: Words = "", reason: Words = ""
) -> Response:
    """Block a stretch of a calendar: nobody is offered a time in it."""
    chosen, typed = _chosen_again(request), {"form": "block", "calendar": calendar, "starts": starts, "ends": ends, "reason": reason}
    try:
        with session.begin_nested():
            first, last = _local("starts", starts, chosen.zone), _local("ends", ends, chosen.zone)
            block(session, calendar, first, last, reason=reason.strip(), actor=staff.actor)
    except Forbidden:
        raise
    except LeadsError as refusal:
        return _page(request, session, staff, chosen, refusal=refusal, typed=typed)
    return RedirectResponse(f"{chosen.path}&said=blocked", status_code=303)


@router.post("/blocks/{block_id}/lift")
def lift_block(request: Request, session: Db, staff: Worker, block_id: uuid.UUID) -> Response:
    """Free the time again; pressing twice is once."""
    with suppress(Conflict):
        lift(session, block_id, actor=staff.actor)
    return RedirectResponse(f"{_chosen_again(request).path}&said=freed", status_code=303)


@router.post("/feeds")
def add_feed(request: Request, session: Db, staff: Worker, office: Words = "", name: Words = "") -> Response:
    """Make a secret address for an office and show it, this once."""
    _check_supervisor(staff)
    chosen = _chosen(office, "week", "")
    try:
        _, secret = make_feed(session, office, name, account_id=staff.id)
    except Invalid as refusal:
        return _page(request, session, staff, chosen, refusal=refusal, typed={"name": name})
    return _page(request, session, staff, chosen, secret=f"{settings().public_url}/calendar/{secret}.ics")


@router.post("/feeds/{feed_id}/revoke")
def end_feed(session: Db, staff: Worker, feed_id: uuid.UUID) -> Response:
    """End a feed: its address opens nothing any more."""
    _check_supervisor(staff)
    feed = revoke_feed(session, feed_id, account_id=staff.id)
    return RedirectResponse(f"/console/visits?office={feed.office}&said=feed-ended#feeds", status_code=303)


def _check_supervisor(staff: Staff) -> None:
    if not staff.may("feeds.manage"):
        raise Forbidden("Only a supervisor makes and ends the addresses of calendar feeds.")


def _chosen(office: str, span: str, first: str) -> Chosen:
    place = clinic().office(office or None)
    try:
        day = date.fromisoformat(first)
    except ValueError:
        day = now().astimezone(place.zone).date()
    return Chosen(place.code, day, "day" if span == "day" else "week")


def _chosen_again(request: Request) -> Chosen:
    asked = request.query_params
    return _chosen(asked.get("office", ""), asked.get("span", ""), asked.get("from", ""))


def _local(field: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        message = "Give the day and the time it begins and the day and the time it ends."
        raise Invalid(message, errors=(FieldError(field, "no_time", message),)) from None
    return local_to_utc(moment.date(), moment.time(), zone)


def _days(session: Session, chosen: Chosen) -> list[Day]:
    start, end = (local_to_utc(day, datetime.min.time(), chosen.zone) for day in (chosen.first, chosen.after))
    visits = (
        select(Appointment, Lead, Person)
        .join(Lead, Lead.id == Appointment.lead_id)
        .join(Person, Person.id == Appointment.person_id)
        .where(Appointment.office == chosen.office, Appointment.state.in_(LISTED))
        .where(Appointment.starts_at >= start, Appointment.starts_at < end)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    blocks = (
        select(CalendarBlock)
        .where(CalendarBlock.calendar.in_([each.code for each in calendars_at(chosen.office)]), CalendarBlock.lifted_at.is_(None))
        .where(CalendarBlock.starts_at < end, CalendarBlock.ends_at > start)
        .order_by(CalendarBlock.starts_at)
    )
    rows, stretches = session.execute(visits).all(), session.scalars(blocks).all()
    return [_day(chosen, chosen.first + DAY * number, rows, stretches) for number in range(chosen.days)]


def _day(chosen: Chosen, day: date, rows: Sequence[Row[Appointment, Lead, Person]], blocks: Sequence[CalendarBlock]) -> Day:
    def there(moment: datetime) -> date:
        return moment.astimezone(chosen.zone).date()

    mine = [row for row in rows if there(row[0].starts_at) == day]
    over_it = [each for each in blocks if there(each.starts_at) <= day <= there(each.ends_at)]
    return Day(day, clinic().office(chosen.office).closed_because(day), mine, over_it)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    chosen: Chosen,
    *,
    refusal: LeadsError | None = None,
    typed: Mapping[str, str] | None = None,
    secret: str = "",
) -> Response:
    days = _days(session, chosen)
    listed = [row[1].number for day in days for row in day.rows]
    record_about(session, "visits.listed", "appointments", None, actor=staff.actor, office=chosen.office, leads=listed)
    context: dict[str, Any] = {"days": days, "feeds": feeds(session), "secret": secret, "refusal": refusal, "typed": typed or {}}
    return draw(
        request,
        "visits.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="visits",
        waiting=waiting(session),
        chosen=chosen,
        query=view_on("visits", {"office": chosen.office, "span": chosen.span}),
        views=views_of(session, staff.id),
        address_of=address_of,
        zone=chosen.zone,
        offices=clinic().offices,
        calendars=calendars_at(chosen.office),
        is_supervisor=staff.may("feeds.manage"),
        **context,
    )
