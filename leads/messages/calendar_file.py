"""A visit as a calendar file: it writes itself into the reader's calendar, and moves or removes itself there later (RFC 5545, 5546)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from icalendar import Calendar, Event, vCalAddress, vText

from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import LeadsError
from leads.messages.due import Due
from leads.messages.templates import catalogue

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
PRODUCT = "-//Warm Handoff//Visits//EN"
# The name of a file is read in lists of downloads and on locked screens, so it says less than the mail does: no word of a visit.
FILE_NAME = "calendar.ics"
METHODS: Mapping[str, Method] = {"request": "REQUEST", "cancel": "CANCEL"}
NEEDED = ("visit_at", "visit_ends", "appointment", "ics_sequence")
CALL = {"en": "To change it, call {phone}.", "es": "Para cambiarla, llame al {phone}."}
VISIT = {"en": "Visit", "es": "Visita"}


class NoVisit(LeadsError):
    """A mail that must carry a visit was posted without one; it is not sent."""

    status = 500
    code = "no_visit"


class CalendarPart(NamedTuple):
    """A visit that travels with a mail, and what the reader's calendar is to do with it."""

    method: Method
    file: bytes


def calendar_part(due: Due) -> CalendarPart | None:
    """Return the visit that goes with this mail, None where its template carries none; raises NoVisit or CellError."""
    method: Method | None = METHODS.get(catalogue()[due.template].meta.calendar or "")
    if method is None:
        return None
    return CalendarPart(method, calendar_file(due.facts, method=method, language=due.language, discreet=due.discreet, attendee=due.email))


def calendar_file(
    facts: Mapping[str, Any],
    *,
    method: Method,
    language: str = "en",
    discreet: bool = False,
    attendee: str | None = None,
    at: datetime | None = None,
) -> bytes:
    """Return the visit of these facts as an iCalendar object in UTF-8 with CRLF; raises NoVisit where one of NEEDED is missing.

    The same facts at the same moment (now, or `at`) give the same bytes. `visit_at` and `visit_ends` are ISO 8601 with an offset,
    `ics_sequence` rises with every change (RFC 5546, 2.1.4), and the UID stays: that is how a calendar finds what it is to change.
    """
    missing = [name for name in NEEDED if facts.get(name) is None]
    if missing:
        raise NoVisit(f"The visit of this mail has no {', '.join(missing)}.")
    calendar = empty_calendar()
    calendar.add("method", method)
    calendar.add_component(_event(facts, method, language, discreet=discreet, attendee=attendee, at=at or now()))
    # In the order they were added: sorted by name, METHOD would come behind what it is about.
    file: bytes = calendar.to_ical(sorted=False)
    return file


def empty_calendar() -> Calendar:
    """Return a calendar that has no event yet."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def uid_of(appointment: object) -> str:
    """Return the UID of a visit: the same for its whole life, and unique in the world (RFC 7986, 5.3)."""
    return f"{appointment}@{clinic().mail.domain}"


def _event(facts: Mapping[str, Any], method: Method, language: str, *, discreet: bool, attendee: str | None, at: datetime) -> Event:
    office, mail = clinic().office(facts.get("office")), clinic().mail
    event = Event()
    event.add("uid", uid_of(facts["appointment"]))
    event.add("sequence", int(facts["ics_sequence"]))
    event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    # In UTC, so that no calendar needs to know our zone's rules: every client shows it by its reader's own clock.
    event.add("dtstart", _moment(facts["visit_at"]))
    event.add("dtend", _moment(facts["visit_ends"]))
    # Calendars are shown on shared screens: a discreet person's says where, and no more.
    event.add("summary", office.name if discreet else f"{VISIT.get(language, VISIT['en'])}: {office.name}")
    event.add("location", ", ".join(office.address))
    event.add("description", CALL.get(language, CALL["en"]).format(phone=office.phone))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("class", "PRIVATE")
    event["organizer"] = _address(mail.from_address, CN=mail.discreet_name if discreet else mail.from_name)
    if attendee:
        # Accepted and without a wish for an answer: a calendar's own "yes" would come back as a mail that nobody expects.
        event["attendee"] = _address(attendee, ROLE="REQ-PARTICIPANT", PARTSTAT="ACCEPTED", RSVP="FALSE")
    return event


def _address(mailbox: str, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{mailbox}")
    for name, value in parameters.items():
        address.params[name] = vText(value)
    return address


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
