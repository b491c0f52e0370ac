"""`/a/{token}`: a visit seen, confirmed, changed and called off by whoever has its mail, and nobody else."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.appointments.arrive import no_show
from leads.appointments.cancel import cancel
from leads.appointments.models import Appointment, AppointmentEvent
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import open_holds
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from tests.appointments.links import booked_visit, link_of, offered_visit
from tests.cast import ACTOR
from tests.http.public.test_page_use import PEOPLE, used

Links = Callable[[Appointment], str]


@pytest.fixture
def visit(session: Session, tuesday: object) -> Appointment:
    """Ana's visit, booked."""
    return booked_visit(session)


@pytest.fixture
def link(session: Session, visit: Appointment) -> str:
    """The address in the mail about it."""
    return link_of(session, visit)


def kept(session: Session, visit: Appointment) -> Appointment:
    return session.scalars(select(Appointment).where(Appointment.id == visit.id).execution_options(populate_existing=True)).one()


def todos(session: Session, kind: str) -> int:
    return session.scalar(select(func.count()).where(Todo.kind == kind, Todo.done_at.is_(None))) or 0


def press(web: TestClient, link: str, act: str, visit: Appointment, **fields: str) -> int:
    return web.post(f"{link}/{act}", data={"version": str(visit.version)} | fields).status_code


def test_it_says_when_where_and_how_to_get_home(web: TestClient, link: str) -> None:
    page = web.get(link).text
    for words in ("Your visit", "100 Example Street", "The way home", "Free parking", "A photo ID", "9 AM to 10 AM"):
        assert words in page


def test_it_shows_no_name(web: TestClient, link: str) -> None:
    page = web.get(link).text
    assert "Ana" not in page
    assert "Rivera" not in page


def test_it_speaks_spanish_where_asked(web: TestClient, link: str) -> None:
    page = web.get(f"{link}?language=es").text
    assert "Su visita" in page
    assert "El regreso a casa" in page


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "/calendar.ics", "/confirm", "/cancel", "/ask"])
def test_a_scanner_that_follows_links_changes_nothing(web: TestClient, session: Session, link: str, method: str, path: str) -> None:
    before = (
        session.scalar(select(func.count()).select_from(AuditEntry)),
        session.scalar(select(func.count()).select_from(AppointmentEvent)),
    )
    web.request(method, link + path)
    after = session.scalar(select(func.count()).select_from(AuditEntry)), session.scalar(select(func.count()).select_from(AppointmentEvent))
    assert after == before


def test_a_stranger_learns_nothing(web: TestClient) -> None:
    answer = web.get("/a/" + "x" * 43)
    assert answer.status_code == 404
    assert "not valid any more" in answer.text


def test_they_say_that_they_come(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    assert press(web, link, "confirm", visit) == 303
    assert kept(session, visit).confirmed_at is not None
    assert "You have said that you will come" in web.get(link).text


def test_pressing_again_changes_nothing(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    version = visit.version
    for _ in range(2):
        web.post(f"{link}/confirm", data={"version": str(version)})
    assert kept(session, visit).version == version + 1


def test_they_call_it_off_and_read_what_happens_next(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    assert press(web, link, "cancel", visit) == 303
    assert kept(session, visit).state == "cancelled"
    page = web.get(link).text
    assert "What happens next" in page
    assert "Yes, I will come" not in page


def test_calling_it_off_twice_is_once(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    version = visit.version
    assert [web.post(f"{link}/cancel", data={"version": str(version)}).status_code for _ in range(2)] == [303, 303]
    assert kept(session, visit).version == version + 1


def test_what_changed_under_their_eyes_is_shown_and_not_acted_on(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    answer = web.post(f"{link}/cancel", data={"version": str(visit.version - 1)})
    assert answer.status_code == 409
    assert "changed after you opened this page" in answer.text
    assert kept(session, visit).state == "booked"


def test_they_ask_for_another_time_and_a_colleague_hears(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    answer = web.post(f"{link}/ask", data={"text": "Any afternoon, please."})
    assert answer.headers["location"].endswith("done=asked")
    assert todos(session, "rebook") == 1
    assert "We have it" in web.get(answer.headers["location"]).text


def test_asking_needs_no_words(web: TestClient, session: Session, link: str) -> None:
    assert web.post(f"{link}/ask", data={"text": ""}).status_code == 303
    assert todos(session, "rebook") == 1


def test_a_word_of_self_harm_is_heard_and_answered_with_help(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    answer = web.post(f"{link}/ask", data={"text": "It does not matter, I want to die."})
    assert answer.headers["location"].startswith("/crisis")
    assert open_holds(session, visit.person_id)
    assert todos(session, "safety") == 1


def test_988_stands_before_the_first_words_they_write(web: TestClient, link: str) -> None:
    page = web.get(link).text
    assert page.index("988") < page.index("<textarea")


def test_the_calendar_file_is_the_mails_own(web: TestClient, visit: Appointment, link: str) -> None:
    answer = web.get(f"{link}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert 'filename="calendar.ics"' in answer.headers["content-disposition"]
    event = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert (str(event["uid"]).partition("@")[0], event["sequence"]) == (str(visit.id), visit.ics_sequence)


def test_a_visit_that_was_called_off_leaves_the_calendar(web: TestClient, visit: Appointment, link: str) -> None:
    press(web, link, "cancel", visit)
    assert Calendar.from_ical(web.get(f"{link}/calendar.ics").content)["method"] == "CANCEL"


def test_an_offer_is_taken_with_one_press(web: TestClient, session: Session, tuesday: object) -> None:
    visit = offered_visit(session)
    link = link_of(session, visit, template="visit-offered")
    assert "Yes, this suits me" in web.get(link).text
    assert press(web, link, "confirm", visit) == 303
    assert kept(session, visit).state == "booked"


def test_after_the_visit_nothing_can_be_called_off(web: TestClient, visit: Appointment, link: str, tuesday: Callable[..., None]) -> None:
    tuesday(visit.ends_at - now())
    page = web.get(link).text
    assert "/cancel" not in page
    assert "Ask for another time" in page


def test_an_offer_that_ran_out_asks_for_another_time(web: TestClient, session: Session, tuesday: Callable[..., None]) -> None:
    visit = offered_visit(session)
    link = link_of(session, visit, template="visit-offered")
    tuesday(timedelta(hours=49))
    assert "This time is not kept any more" in web.get(link).text
    assert press(web, link, "confirm", visit) == 409
    assert web.post(f"{link}/ask", data={"text": "Next week?"}).status_code == 303


def test_a_missed_visit_is_met_without_a_word_of_guilt(
    web: TestClient, session: Session, visit: Appointment, link: str, tuesday: Callable[..., None]
) -> None:
    tuesday(visit.ends_at - now())
    no_show(session, visit.id, version=visit.version, actor=ACTOR)
    page = web.get(link).text
    assert "Would another day be better?" in page
    assert not re.search(r"missed|failed|no-show|disappoint", page.partition("<main")[2].partition("</main")[0])


def test_an_old_mail_leads_to_the_visit_that_holds_now(web: TestClient, session: Session, visit: Appointment, link: str) -> None:
    lead = session.get_one(Lead, visit.lead_id)
    cancel(session, visit.id, version=visit.version, actor=ACTOR, reason="Moved elsewhere.")
    assert "called off" in web.get(link).text
    booked_visit(session, lead, hour=11)
    assert "11 AM to 12 PM" in web.get(link).text


def test_thirty_acts_an_hour_are_enough(web: TestClient, link: str) -> None:
    answers = [web.post(f"{link}/confirm", data={"version": "99"}).status_code for _ in range(31)]
    assert answers[-1] == 429


def test_that_somebody_opened_the_page_of_their_visit_is_on_record_once_that_day(web: TestClient, session: Session, link: str) -> None:
    for _ in range(2):
        web.get(link, headers=PEOPLE)
    assert used(session) == ["person visit"]
