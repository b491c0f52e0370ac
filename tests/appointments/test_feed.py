"""The calendar that staff subscribe to: a secret that can be ended, initials, and no word more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar, Component
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.appointments.feed import feeds, initials, make_feed, read_feed, revoke_feed
from leads.appointments.feed_models import CalendarFeed
from leads.appointments.models import Appointment
from leads.errors import Invalid, NotFound
from leads.people.models import Person
from tests.accounts.cast import make_account
from tests.appointments.links import booked_visit
from tests.http.public.conftest import web

__all__ = ["web"]


@pytest.fixture
def supervisor(session: Session, tuesday: object) -> Account:
    """Who may make such an address."""
    return make_account(session, "supervisor")


@pytest.fixture
def visit(session: Session, tuesday: object) -> Appointment:
    """Ana Rivera's visit."""
    return booked_visit(session)


@pytest.fixture
def secret(session: Session, supervisor: Account, visit: Appointment) -> str:
    """The secret of a feed of its office."""
    return make_feed(session, visit.office, "Front desk", account_id=supervisor.id)[1]


def events(session: Session, secret: str) -> list[Component]:
    return Calendar.from_ical(read_feed(session, secret)).walk("VEVENT")


def test_it_shows_initials_office_and_calendar_and_nothing_more(session: Session, secret: str) -> None:
    [event] = events(session, secret)
    assert str(event["summary"]).startswith("A.R. ")
    assert b"Ana" not in read_feed(session, secret)
    assert b"Rivera" not in read_feed(session, secret)
    assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "CLASS"}


def test_the_secret_is_kept_by_nobody(session: Session, secret: str) -> None:
    [feed] = feeds(session)
    assert secret.encode() not in feed.hash
    assert secret not in repr(vars(feed))


def test_another_offices_visits_are_not_in_it(session: Session, supervisor: Account, visit: Appointment) -> None:
    elsewhere = "woodbury" if visit.office == "new-haven" else "new-haven"
    assert events(session, make_feed(session, elsewhere, "Desk", account_id=supervisor.id)[1]) == []


def test_a_cancelled_visit_leaves_it(session: Session, secret: str, visit: Appointment) -> None:
    visit.state = "cancelled"
    session.flush()
    assert events(session, secret) == []


def test_it_reaches_sixty_days_back_and_no_further(session: Session, secret: str, tuesday: Callable[[timedelta], None]) -> None:
    tuesday(timedelta(days=60))
    assert len(events(session, secret)) == 1
    tuesday(timedelta(days=10))
    assert events(session, secret) == []


def test_the_same_visits_give_the_same_bytes(session: Session, secret: str, tuesday: Callable[[timedelta], None]) -> None:
    before = read_feed(session, secret)
    tuesday(timedelta(hours=3))
    assert read_feed(session, secret) == before


def test_an_ended_feed_opens_nothing(session: Session, secret: str, supervisor: Account) -> None:
    feed = feeds(session)[0]
    for _ in range(2):
        revoke_feed(session, feed.id, account_id=supervisor.id)
    with pytest.raises(NotFound):
        read_feed(session, secret)


def test_it_says_when_it_was_last_read(session: Session, secret: str) -> None:
    read_feed(session, secret)
    assert session.query(CalendarFeed).one().read_at is not None


@pytest.mark.parametrize(("office", "name"), [("nowhere", "Desk"), ("new-haven", "  "), ("new-haven", "x" * 81)])
def test_a_feed_needs_an_office_and_who_uses_it(session: Session, supervisor: Account, office: str, name: str) -> None:
    with pytest.raises(Invalid):
        make_feed(session, office, name, account_id=supervisor.id)


@pytest.mark.parametrize(("given", "family", "letters"), [("Ana", "Rivera", "A.R."), ("ángel", None, "Á."), (None, None, "?")])
def test_initials_are_first_letters(given: str | None, family: str | None, letters: str) -> None:
    assert initials(Person(given_name=given, family_name=family)) == letters


def test_a_calendar_program_asks_again_for_what_changed_only(web: TestClient, secret: str) -> None:
    first = web.get(f"/calendar/{secret}.ics")
    assert first.headers["content-type"].startswith("text/calendar")
    again = web.get(f"/calendar/{secret}.ics", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_wrong_address_opens_nothing(web: TestClient) -> None:
    assert web.get("/calendar/nothing.ics").status_code == 404
