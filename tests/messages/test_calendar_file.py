"""The file that puts a visit into a calendar, moves it there and takes it out again."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from icalendar import Calendar, Component
from sqlalchemy.orm import Session

from leads.messages import forbidden
from leads.messages.calendar_file import NEEDED, CalendarPart, NoVisit, calendar_file, uid_of
from leads.messages.mime import build
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.preview import preview
from leads.messages.render import Rendered
from tests.cast import make_person

FACTS: dict[str, Any] = {
    "visit_at": "2026-12-01T10:00:00-05:00",
    "visit_ends": "2026-12-01T11:00:00-05:00",
    "office": "new-haven",
    "appointment": "0197b2d4-0000-7000-8000-000000000001",
    "ics_sequence": 0,
}


def visit(**changed: Any) -> Component:
    """The event as another program reads it."""
    method = changed.pop("method", "REQUEST")
    options = {name: changed.pop(name) for name in ("language", "discreet", "attendee") if name in changed}
    return Calendar.from_ical(calendar_file(FACTS | changed, method=method, **options)).walk("VEVENT")[0]


def mail(calendar: CalendarPart | None) -> EmailMessage:
    rendered = Rendered(subject="A date", text="Hello.\n", html="<p>Hello.</p>", version="1", preheader="")
    raw = build(Message(topic="visits", language="en"), "ana@example.com", rendered, None, discreet=False, calendar=calendar)
    assert raw.isascii()
    parsed = message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_it_says_when_in_a_time_that_every_calendar_knows() -> None:
    assert visit().decoded("dtstart") == datetime(2026, 12, 1, 15, tzinfo=UTC)
    assert visit().decoded("dtend") == datetime(2026, 12, 1, 16, tzinfo=UTC)


def test_on_the_day_the_clocks_change_it_keeps_the_hour_that_was_meant() -> None:
    after = visit(visit_at="2026-11-01T10:00:00-05:00", visit_ends="2026-11-01T11:00:00-05:00")
    assert after.decoded("dtstart") == datetime(2026, 11, 1, 15, tzinfo=UTC)


def test_a_moved_visit_is_the_same_one_with_a_higher_sequence() -> None:
    first, second = visit(), visit(ics_sequence=1, visit_at="2026-12-02T10:00:00-05:00", visit_ends="2026-12-02T11:00:00-05:00")
    assert first["uid"] == second["uid"] == uid_of(FACTS["appointment"])
    assert second["sequence"] > first["sequence"]


def test_a_cancelled_visit_takes_itself_out() -> None:
    file = calendar_file(FACTS | {"ics_sequence": 2}, method="CANCEL")
    assert Calendar.from_ical(file)["method"] == "CANCEL"
    assert Calendar.from_ical(file).walk("VEVENT")[0]["status"] == "CANCELLED"


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_names_no_illness_remedy_or_healer(language: str) -> None:
    said = visit(language=language)
    words = " ".join(str(said[name]) for name in ("summary", "location", "description"))
    assert not forbidden.HEALTH[language].findall(words)


def test_a_discreet_persons_calendar_says_only_where() -> None:
    assert visit(discreet=True)["summary"] == "New Haven"
    assert visit(discreet=True)["organizer"].params["CN"] == "Elm Harbor Office"


def test_the_reader_need_not_answer_it() -> None:
    guest = visit(attendee="ana@example.com")["attendee"]
    assert guest == "mailto:ana@example.com"
    assert (guest.params["RSVP"], guest.params["PARTSTAT"]) == ("FALSE", "ACCEPTED")


def test_the_same_visit_at_the_same_moment_has_the_same_bytes(tuesday: object) -> None:
    assert calendar_file(FACTS, method="REQUEST") == calendar_file(FACTS, method="REQUEST")


@pytest.mark.parametrize("fact", NEEDED)
def test_a_visit_without_its_time_or_name_is_not_sent(fact: str) -> None:
    with pytest.raises(NoVisit, match=fact):
        calendar_file(FACTS | {fact: None}, method="REQUEST")


def test_a_mail_carries_it_twice_so_that_every_client_finds_it() -> None:
    sent = mail(CalendarPart("REQUEST", calendar_file(FACTS, method="REQUEST")))
    kinds = [part.get_content_type() for part in sent.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
    assert next(part for part in sent.walk() if part.get_content_type() == "text/calendar").get_param("method") == "REQUEST"


def test_both_copies_are_the_file_to_the_last_byte() -> None:
    file = calendar_file(FACTS | {"office": "woodbury"}, method="CANCEL", language="es")
    parts = list(mail(CalendarPart("CANCEL", file)).walk())[-2:]
    assert [part.get_payload(decode=True) for part in parts] == [file, file]


def test_the_files_name_tells_nothing() -> None:
    attached = next(iter(mail(CalendarPart("REQUEST", calendar_file(FACTS, method="REQUEST"))).iter_attachments()))
    assert attached.get_filename() == "calendar.ics"


def test_a_mail_without_a_visit_stays_as_it_was() -> None:
    assert mail(None).get_content_type() == "multipart/alternative"


def test_whoever_reads_a_mail_before_it_goes_sees_its_file(session: Session) -> None:
    person = make_person(session)
    message = post(session, person.id, "visit-booked", cause="test", facts=FACTS)
    session.flush()
    shown = preview(session, message.id, actor="test").calendar
    assert shown is not None
    assert b"METHOD:REQUEST" in shown.file
