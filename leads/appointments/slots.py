"""When a visit can be had: a calendar's hours, less what closes the office, what is blocked and what is taken."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.appointments.models import LIVE, Appointment, CalendarBlock
from leads.clinic.profile import Office, clinic
from leads.clinic.visits import VisitCalendar
from leads.clock import local_to_utc, now
from leads.errors import FieldError, Invalid

Span = tuple[datetime, datetime]


class Slot(NamedTuple):
    """One visit that can be had: at an office, in a clinician's calendar (None: agreed outside of them), from when to when, in UTC."""

    office: str
    calendar: str | None
    starts_at: datetime
    ends_at: datetime


def slots_of(calendar: VisitCalendar, office: Office, since: datetime, until: datetime, *, minutes: int) -> Iterator[Slot]:
    """Yield every slot of a calendar that begins in [since, until), in order, taken or not; pure."""
    day, last, length = since.astimezone(office.zone).date(), until.astimezone(office.zone).date(), timedelta(minutes=minutes)
    while day <= last:
        for opens, closes in _spans_on(calendar, office, day):
            starts = opens
            # Counted in UTC: in the night of a clock change an hour is still an hour.
            while starts + length <= closes:
                if since <= starts < until:
                    yield Slot(office.code, calendar.code, starts, starts + length)
                starts += length
        day += timedelta(days=1)


def free_of(slots: Iterable[Slot], taken: Collection[Span]) -> Iterator[Slot]:
    """Yield the slots that overlap nothing that is taken; what only touches does not overlap."""
    return (slot for slot in slots if not any(begin < slot.ends_at and slot.starts_at < end for begin, end in taken))


def free_slots(
    session: Session,
    *,
    office: str | None = None,
    calendar: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    soon: bool = False,
    besides: uuid.UUID | None = None,
) -> list[Slot]:
    """Return the free slots, the earliest first, of an office's calendars, of one calendar, or of all; raises Invalid for an unknown code.

    They lie between the clinic's notice and its days ahead. `soon` leaves out the notice, for a colleague who has somebody on the phone;
    `besides` names an appointment whose own time counts as free, because it is being moved.
    """
    visits, at = clinic().visits, now()
    # What begins at this very moment has begun, and would be refused.
    earliest = at + (timedelta(microseconds=1) if soon else timedelta(hours=visits.notice_hours))
    since = max(since or at, earliest)
    horizon = at + timedelta(days=visits.ahead_days)
    until = min(until or horizon, horizon)
    found = list[Slot]()
    for each in calendars_of(office, calendar):
        slots = slots_of(each, clinic().office(each.office), since, until, minutes=visits.minutes)
        free = free_of(slots, taken(session, each.code, since, until + timedelta(minutes=visits.minutes), besides=besides))
        found += [slot for _, slot in zip(range(limit), free, strict=False)]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.calendar or ""))[:limit]


def calendars_of(office: str | None, calendar: str | None) -> Sequence[VisitCalendar]:
    """Return the calendars that were asked for; raises Invalid for a code that there is not."""
    known = clinic().visits.calendars
    _must_be_known("office", office, [each.code for each in clinic().offices])
    _must_be_known("calendar", calendar, [each.code for each in known])
    return [each for each in known if office in (None, each.office) and calendar in (None, each.code)]


def slot_at(calendar: str, starts_at: datetime) -> Slot:
    """Return the slot of a calendar that begins at a moment; raises Invalid for an unknown calendar, or a moment at which none begins."""
    (chosen,) = calendars_of(None, calendar)
    office, starts = clinic().office(chosen.office), starts_at.astimezone(UTC)
    found = next(slots_of(chosen, office, starts, starts + timedelta(microseconds=1), minutes=clinic().visits.minutes), None)
    if found is None:
        words = f"No visit begins then in the calendar of {chosen.name}. Ask for its free slots and take one of them."
        raise Invalid(words, errors=(FieldError("starts_at", "no_slot", words),))
    return found


def outside(office: str, starts_at: datetime, *, ends_at: datetime | None = None) -> Slot:
    """Return a time that was agreed outside of the calendars, by phone say; it ends after a visit's usual length unless told otherwise."""
    _must_be_known("office", office, [each.code for each in clinic().offices])
    starts = starts_at.astimezone(UTC)
    return Slot(office, None, starts, (ends_at or starts + timedelta(minutes=clinic().visits.minutes)).astimezone(UTC))


def taken(session: Session, calendar: str, since: datetime, until: datetime, *, besides: uuid.UUID | None = None) -> list[Span]:
    """Return what is taken of a calendar between two moments: visits booked, offers that still stand, and blocks."""
    stands = or_(Appointment.state == "booked", Appointment.offered_until > now())
    visits = select(Appointment.starts_at, Appointment.ends_at).where(
        Appointment.calendar == calendar, Appointment.state.in_(LIVE), stands, Appointment.starts_at < until, Appointment.ends_at > since
    )
    if besides is not None:
        visits = visits.where(Appointment.id != besides)
    blocks = select(CalendarBlock.starts_at, CalendarBlock.ends_at).where(
        CalendarBlock.calendar == calendar,
        CalendarBlock.lifted_at.is_(None),
        CalendarBlock.starts_at < until,
        CalendarBlock.ends_at > since,
    )
    return [(begin, end) for query in (visits, blocks) for begin, end in session.execute(query)]


def _spans_on(calendar: VisitCalendar, office: Office, day: date) -> Iterator[Span]:
    # What shuts the office shuts its rooms: not even a calendar's own exception opens them.
    if office.closed_because(day) is None:
        yield from (
            (local_to_utc(day, opens, office.zone), local_to_utc(day, closes, office.zone)) for opens, closes in calendar.hours_on(day)
        )


def _must_be_known(field: str, code: str | None, codes: Sequence[str]) -> None:
    if code is not None and code not in codes:
        words = f"There is no {field} {code[:40]}. Choose one of {', '.join(codes) or 'none yet: see visits in clinic.yml'}."
        raise Invalid(words, errors=(FieldError(field, "unknown_choice", words),))
