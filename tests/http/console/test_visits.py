"""Visits in the console: found, offered, booked, moved, ended; who comes on a day; blocked time; feeds for calendar programs."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment, CalendarBlock
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.messages.models import Message
from leads.pipeline.models import Lead
from tests.appointments.links import booked_visit
from tests.appointments.visits import ready
from tests.appointments.visits import slot as time_at
from tests.cast import make_lead
from tests.http.console.conftest import Browser, hidden_fields

WEEK = "2026-10-12"


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    """Somebody for whom a visit can be booked."""
    made = ready(session)
    session.commit()
    return made


@pytest.fixture
def visit(session: Session, lead: Lead) -> Appointment:
    """Their visit a week on."""
    made = booked_visit(session, lead)
    session.commit()
    return made


def page_of(lead: Lead, more: str = "") -> str:
    return f"/console/leads/{lead.number}{more}"


def times_of(page: str) -> list[str]:
    return re.findall(r'name="slot" value="([^"]+)"', page)


def choose(browser: Browser, lead: Lead, act: str, slot: str = "", **fields: str) -> Response:
    at = page_of(lead, f"/visit?office=new-haven&week={WEEK}")
    shown = hidden_fields(browser.get(at).text, "visit_version")
    where = {"office": "new-haven", "week": WEEK, "slot": slot, "act": act} | ({"visit_version": shown[0]} if shown else {})
    return browser.form(page_of(lead, "/visit/choose"), page=at, **where | fields)


def act(browser: Browser, visit: Appointment, lead: Lead, what: str, **fields: str) -> Response:
    given = {"visit": str(visit.id), "visit_version": str(visit.version), "act": what}
    return browser.form(page_of(lead, "/visit/act"), **given | fields)


def kept(session: Session) -> Appointment:
    return session.scalars(select(Appointment).execution_options(populate_existing=True)).one()


def mails(session: Session) -> list[str]:
    return list(session.scalars(select(Message.template).where(Message.cause == "appointment").order_by(Message.created_at, Message.id)))


def test_free_times_are_shown_by_office_calendar_and_week(coordinator: Browser, lead: Lead) -> None:
    here = page_of(lead, f"/visit?office=new-haven&week={WEEK}")
    everybody, one = coordinator.get(here).text, coordinator.get(f"{here}&calendar=clinician-a").text
    assert "Clinician B" in everybody
    assert set(times_of(one)) < set(times_of(everybody))
    assert all(time.startswith("clinician-a|") for time in times_of(one))


def test_a_week_without_a_free_time_leads_to_the_next_one(coordinator: Browser, lead: Lead) -> None:
    page = coordinator.get(page_of(lead, "/visit?office=new-haven&week=2026-09-28")).text
    assert "Nothing is free in this week" in page
    assert "Show the next week with a free time" in page


def test_a_visit_is_booked(coordinator: Browser, session: Session, lead: Lead) -> None:
    slot = times_of(coordinator.get(page_of(lead, f"/visit?office=new-haven&week={WEEK}")).text)[0]
    assert choose(coordinator, lead, "book", slot).headers["location"] == page_of(lead, "?said=visit-book#visit")
    session.refresh(lead)
    assert (kept(session).state, lead.stage) == ("booked", "booked")
    assert mails(session) == ["visit-booked"]


def test_a_time_is_offered(coordinator: Browser, session: Session, lead: Lead) -> None:
    slot = times_of(coordinator.get(page_of(lead, f"/visit?office=new-haven&week={WEEK}")).text)[0]
    assert choose(coordinator, lead, "offer", slot).status_code == 303
    assert (kept(session).state, mails(session)) == ("offered", ["visit-offered"])
    assert "They said yes" in coordinator.get(page_of(lead)).text


def test_a_time_that_somebody_was_faster_for_is_said_with_the_next_free_ones(coordinator: Browser, session: Session, lead: Lead) -> None:
    slot = f"clinician-a|{time_at().starts_at.isoformat()}"
    booked_visit(session)
    session.commit()
    answer = choose(coordinator, lead, "book", slot)
    assert answer.status_code == 409
    assert "has just been taken" in answer.text
    assert "10:00 AM" in answer.text


def test_no_time_chosen_is_said_beside_the_times(coordinator: Browser, lead: Lead) -> None:
    answer = choose(coordinator, lead, "book")
    assert answer.status_code == 422
    assert "Choose one of the times." in answer.text


def test_a_visit_is_agreed_outside_the_calendars(coordinator: Browser, session: Session, lead: Lead) -> None:
    assert choose(coordinator, lead, "book-typed", typed_at="2026-10-17T11:00").status_code == 303
    visit = kept(session)
    assert (visit.calendar, visit.office, f"{visit.starts_at:%H:%M}") == (None, "new-haven", "15:00")


def test_a_visit_is_moved_and_the_patient_told(coordinator: Browser, session: Session, lead: Lead, visit: Appointment) -> None:
    before = visit.starts_at
    slot = f"clinician-a|{time_at(11).starts_at.isoformat()}"
    assert choose(coordinator, lead, "move", slot).status_code == 303
    assert kept(session).starts_at == before + timedelta(hours=2)
    assert kept(session).ics_sequence == 1


def test_the_second_of_two_colleagues_sees_what_the_first_did(
    coordinator: Browser, session: Session, lead: Lead, visit: Appointment, tuesday: Callable[..., None]
) -> None:
    slots = [f"clinician-a|{time_at(hour).starts_at.isoformat()}" for hour in (10, 11)]
    shown = coordinator.get(page_of(lead, f"/visit?office=new-haven&week={WEEK}")).text
    names = ("csrf", "version", "read_at", "visit_version")
    fields = {name: hidden_fields(shown, name)[0] for name in names} | {"office": "new-haven", "week": WEEK, "act": "move"}
    tuesday(timedelta(minutes=1))
    answers = [coordinator.post(page_of(lead, "/visit/choose"), data=fields | {"slot": slot}, follow_redirects=False) for slot in slots]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert [words for words in ("Booked now", "New since you opened it", ", Casey") if words not in answers[1].text] == []
    assert f'value="{slots[1]}" checked' in answers[1].text
    assert kept(session).starts_at == time_at(10).starts_at


def test_a_visit_is_cancelled_with_a_reason(coordinator: Browser, session: Session, lead: Lead, visit: Appointment) -> None:
    assert act(coordinator, visit, lead, "cancel").status_code == 422
    assert act(coordinator, visit, lead, "cancel", reason="They have a cold.").status_code == 303
    session.refresh(lead)
    assert (kept(session).state, kept(session).reason, lead.stage) == ("cancelled", "They have a cold.", "qualified")


@pytest.mark.parametrize(("what", "state", "stage"), [("attended", "attended", "in_care"), ("no-show", "no_show", "booked")])
def test_it_is_said_how_it_went(
    coordinator: Browser, session: Session, lead: Lead, visit: Appointment, tuesday: Callable[..., None], what: str, state: str, stage: str
) -> None:
    assert 'value="attended"' not in coordinator.get(page_of(lead)).text
    tuesday(visit.ends_at - now())
    assert 'value="attended"' in coordinator.get(page_of(lead)).text
    assert act(coordinator, visit, lead, what).status_code == 303
    session.refresh(lead)
    assert (kept(session).state, lead.stage) == (state, stage)


def test_the_timeline_tells_what_became_of_the_visit(coordinator: Browser, session: Session, lead: Lead, visit: Appointment) -> None:
    choose(coordinator, lead, "move", f"clinician-a|{time_at(11).starts_at.isoformat()}")
    act(coordinator, kept(session), lead, "cancel", reason="They have a cold.")
    story = coordinator.get(page_of(lead)).text.partition('id="timeline"')[2]
    booked = 'Visit booked: <time datetime="2026-10-13T13:00:00Z" title="2026-10-13 13:00:00 UTC">Tue Oct 13, 9:00 AM</time>'
    moved = 'Visit moved: <time datetime="2026-10-13T15:00:00Z" title="2026-10-13 15:00:00 UTC">Tue Oct 13, 11:00 AM</time>'
    for words in (booked, moved, "Visit cancelled", "They have a cold."):
        assert words in story


def test_nothing_beside_the_visit_moves_its_lead(coordinator: Browser, lead: Lead, visit: Appointment) -> None:
    page = coordinator.get(page_of(lead)).text
    for to in ("booked", "in_care", "qualified"):
        assert f'name="to" value="{to}"' not in page


def test_a_lead_that_is_not_qualified_has_no_times_to_book(coordinator: Browser, session: Session, tuesday: object) -> None:
    early = make_lead(session)
    session.commit()
    assert "Find a time" not in coordinator.get(page_of(early)).text
    slot = f"clinician-a|{time_at().starts_at.isoformat()}"
    answer = choose(coordinator, early, "book", slot)
    assert answer.status_code == 409
    assert "not qualified yet" in answer.text


def test_the_list_says_who_comes_and_is_put_on_record(coordinator: Browser, session: Session, lead: Lead, visit: Appointment) -> None:
    page = coordinator.get(f"/console/visits?office=new-haven&from={WEEK}").text
    assert lead.number in page
    assert "Closed: Columbus Day" in page
    listed = session.scalars(select(AuditEntry).where(AuditEntry.action == "visits.listed")).one()
    assert listed.detail["leads"] == [lead.number]


def test_another_offices_list_does_not_show_them(coordinator: Browser, lead: Lead, visit: Appointment) -> None:
    assert lead.number not in coordinator.get(f"/console/visits?office=woodbury&from={WEEK}").text


def test_time_is_blocked_and_freed_again(coordinator: Browser, session: Session, lead: Lead) -> None:
    here = f"/console/visits?office=new-haven&span=week&from={WEEK}"
    given = {"calendar": "clinician-a", "starts": "2026-10-13T09:00", "ends": "2026-10-13T12:00", "reason": "Training"}
    free = page_of(lead, f"/visit?office=new-haven&calendar=clinician-a&week={WEEK}")
    before = times_of(coordinator.get(free).text)
    assert coordinator.form(here.replace("/visits?", "/visits/blocks?"), page=here, **given).status_code == 303
    assert len(times_of(coordinator.get(free).text)) == len(before) - 3
    assert "Training" in coordinator.get(here).text
    block_id = session.scalars(select(CalendarBlock.id)).one()
    assert [coordinator.form(f"/console/visits/blocks/{block_id}/lift", page=here).status_code for _ in range(2)] == [303, 303]
    assert times_of(coordinator.get(free).text) == before


def test_a_block_that_ends_before_it_begins_is_refused_and_nothing_typed_is_lost(coordinator: Browser, lead: Lead) -> None:
    given = {"calendar": "clinician-a", "starts": "2026-10-13T12:00", "ends": "2026-10-13T09:00", "reason": "Training"}
    answer = coordinator.form("/console/visits/blocks?office=new-haven", page="/console/visits", **given)
    assert answer.status_code == 422
    assert 'value="2026-10-13T12:00"' in answer.text
    assert 'value="Training"' in answer.text


def test_a_supervisor_makes_a_feed_and_sees_its_address_once(signed_in: Callable[..., Browser], lead: Lead) -> None:
    browser = signed_in("supervisor")
    made = browser.form("/console/visits/feeds", page="/console/visits", office="new-haven", name="Front desk")
    found = re.search(r"/calendar/[\w-]+\.ics", made.text)
    assert found
    assert browser.get(found[0]).status_code == 200
    again = browser.get("/console/visits").text
    assert found[0] not in again
    ended = re.search(r"/console/visits/feeds/[\w-]+/revoke", again)
    assert ended
    browser.form(ended[0], page="/console/visits")
    assert browser.get(found[0]).status_code == 404


def test_nobody_else_makes_one(coordinator: Browser, session: Session, lead: Lead) -> None:
    assert coordinator.form("/console/visits/feeds", page="/console/visits", office="new-haven", name="Mine").status_code == 403
    assert "Make an address" not in coordinator.get("/console/visits").text
    assert session.scalar(select(func.count()).where(AuditEntry.action == "feed.made")) == 0


def test_an_auditor_looks_and_changes_nothing(signed_in: Callable[..., Browser], lead: Lead) -> None:
    browser = signed_in("auditor")
    page = browser.get(page_of(lead, f"/visit?office=new-haven&week={WEEK}"))
    assert page.status_code == 200
    assert "Book it" not in page.text
    assert "Book, offer or move a visit: for a clinician" in page.text
    assert "Block some time, or free it again: for a clinician" in browser.get("/console/visits").text
    assert choose(browser, lead, "book", times_of(page.text)[0]).status_code == 403
