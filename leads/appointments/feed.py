"""An office's visits as a calendar that staff subscribe to: by a secret address, with initials and nothing more of anybody."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, timedelta

from icalendar import Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.feed_models import CalendarFeed
from leads.appointments.models import Appointment
from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import now, real_now
from leads.errors import FieldError, Invalid, NotFound
from leads.messages.calendar_file import empty_calendar, uid_of
from leads.people.models import Person

AROUND = timedelta(days=60)
SHOWN = ("booked", "attended", "no_show")
# A calendar program asks every few minutes; once an hour is enough to know that somebody still uses the address.
NOTED_EVERY = timedelta(hours=1)


def make_feed(session: Session, office: str, name: str, *, account_id: uuid.UUID) -> tuple[CalendarFeed, str]:
    """Return a new feed of an office and its secret, which nobody can show again; raises Invalid."""
    name = name.strip()
    if office not in {each.code for each in clinic().offices}:
        raise Invalid("Choose an office.", errors=(FieldError("office", "unknown", "Choose an office."),))
    if not 0 < len(name) <= 80:
        raise Invalid("Say who uses it.", errors=(FieldError("name", "length", "Say in 1 to 80 characters who uses it."),))
    secret = secrets.token_urlsafe(32)
    feed = CalendarFeed(office=office, name=name, hash=_hash(secret), made_by=account_id, made_at=real_now())
    session.add(feed)
    session.flush()
    record(session, "feed.made", feed, actor=f"account:{account_id}", office=office)
    return feed, secret


def revoke_feed(session: Session, feed_id: uuid.UUID, *, account_id: uuid.UUID) -> CalendarFeed:
    """End a feed at once; again changes nothing. Raises NotFound."""
    feed = session.get(CalendarFeed, feed_id, with_for_update=True, populate_existing=True)
    if feed is None:
        raise NotFound("There is no such feed.")
    if feed.revoked_at is None:
        feed.revoked_at, feed.revoked_by = real_now(), account_id
        record(session, "feed.revoked", feed, actor=f"account:{account_id}", office=feed.office)
    return feed


def feeds(session: Session) -> Sequence[CalendarFeed]:
    """Return the feeds in force, the newest first."""
    return session.scalars(select(CalendarFeed).where(CalendarFeed.revoked_at.is_(None)).order_by(CalendarFeed.made_at.desc())).all()


def read_feed(session: Session, secret: str) -> bytes:
    """Return the calendar behind a secret address: 60 days back and ahead; raises NotFound when it is unknown or revoked."""
    feed = session.scalar(select(CalendarFeed).where(CalendarFeed.hash == _hash(secret), CalendarFeed.revoked_at.is_(None)))
    if feed is None:
        raise NotFound("There is no such calendar.")
    if feed.read_at is None or feed.read_at < real_now() - NOTED_EVERY:
        feed.read_at = real_now()
    calendar = empty_calendar()
    calendar.add("x-wr-calname", clinic().office(feed.office).name)
    for event in _events(session, feed.office):
        calendar.add_component(event)
    made: bytes = calendar.to_ical(sorted=False)
    return made


def initials(person: Person) -> str:
    """Return the first letters of a person's names: enough for a colleague who expects them, for nobody else; none of a restricted one."""
    if person.restricted_at is not None:
        return "Restricted"
    names = (person.given_name or "", person.family_name or "")
    return "".join(f"{name.strip()[0].upper()}." for name in names if name.strip()) or "?"


def _events(session: Session, office: str) -> Iterable[Event]:
    at = now()
    visits = (
        select(Appointment, Person)
        .join(Person, Person.id == Appointment.person_id)
        .where(Appointment.office == office, Appointment.state.in_(SHOWN))
        .where(Appointment.starts_at.between(at - AROUND, at + AROUND))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    for visit, person in session.execute(visits):
        yield _event(visit, person)


def _event(visit: Appointment, person: Person) -> Event:
    event, calendars = Event(), {each.code: each.name for each in clinic().visits.calendars}
    event.add("uid", uid_of(visit.id))
    event.add("sequence", visit.ics_sequence)
    # The moment of the last change, not of the asking: the same visits give the same bytes, and so the same ETag (RFC 5545, 3.8.7.2).
    event.add("dtstamp", visit.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    event.add("summary", f"{initials(person)} {calendars.get(visit.calendar or '', '')}".strip())
    event.add("location", clinic().office(visit.office).name)
    event.add("class", "PRIVATE")
    return event


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
