"""A visit from the booking to the person's own yes: in the console, in the mailbox, on a phone, with the clock moving on."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.appointments.cancel import cancel
from leads.appointments.models import Appointment
from leads.clock import frozen
from leads.db import transaction
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.mailbox import Mail, read_all
from leads.messages.models import LANES
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.appointments.links import HERE, booked_visit, link_of, offered_visit
from tests.appointments.visits import ready
from tests.browser.conftest import PHONE, barriers, violations
from tests.browser.test_console import at_work
from tests.cast import ACTOR
from tests.conftest import TUESDAY, Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
Advance = Callable[[timedelta], None]


@pytest.fixture
def advance() -> Iterator[Advance]:
    """Tuesday, ten o'clock, for the site too; call it to move on."""
    with frozen(TUESDAY) as move_on:
        yield move_on


@pytest.fixture
def number(advance: Advance, site: str) -> str:
    """A lead for whom a visit can be booked, and Casey to book it."""
    with transaction() as session:
        make_account(session, "coordinator", "clinician", "supervisor")
        return ready(session).number


def deliver(mailbox: Mailbox) -> Mail:
    """Let go what is due, and return what arrived last."""
    carrier = SmtpCarrier(mailbox.url, helo="mail.elmharbor.test")
    drain(LANES, carrier=carrier)
    carrier.close()
    return read_all(mailbox.folder)[0]


def visit_now() -> Appointment:
    with transaction() as session:
        return session.scalars(select(Appointment)).one()


def event_of(mail: Mail) -> tuple[str, int, datetime]:
    event = Calendar.from_ical(mail.calendar).walk("VEVENT")[0]
    return str(event["uid"]), int(str(event["sequence"])), event.decoded("dtstart")


def own_page(mail: Mail) -> str:
    found = re.search(r"https?://[^/\s]+(/a/[\w-]+)", mail.text)
    assert found is not None
    return found[1]


def choose_a_time(page: Page, which: int, button: str) -> None:
    page.get_by_role("link", name=re.compile("Later")).click()
    page.get_by_role("radio").nth(which).check()
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**#visit")


def test_a_visit_is_booked_moved_reminded_of_and_confirmed(visit: Visit, number: str, mailbox: Mailbox, advance: Advance) -> None:
    page = at_work(visit, f"/console/leads/{number}")
    page.get_by_role("link", name="Find a time").click()
    choose_a_time(page, 0, "Book it")
    expect(page.locator("#visit")).to_contain_text("have not confirmed")
    first = event_of(deliver(mailbox))
    page.get_by_role("link", name="Move it").click()
    choose_a_time(page, 2, "Move the visit here")
    second = event_of(deliver(mailbox))
    assert (second[0], second[2]) == (first[0], visit_now().starts_at)
    assert second[1] > first[1]
    advance(visit_now().starts_at - timedelta(days=1) - TUESDAY)
    reminder = deliver(mailbox)
    assert reminder.subject.startswith(f"Tomorrow, {visit_now().starts_at.astimezone(HERE):%-I:%M %p}")
    theirs = visit(own_page(reminder), viewport=PHONE, java_script_enabled=False, has_touch=True)
    theirs.get_by_role("button", name="Yes, I will come").click()
    expect(theirs.get_by_role("status")).to_contain_text("We look forward to seeing you")
    page.reload()
    expect(page.locator("#visit")).to_contain_text("They said they will come")


def test_a_word_of_self_harm_on_the_page_leads_to_help(visit: Visit, number: str) -> None:
    with transaction() as session:
        path = link_of(session, booked_visit(session, ready(session)))
    page = visit(path, viewport=PHONE)
    page.locator("summary", has_text="Ask for another time").click()
    page.get_by_label("When would suit you").fill("I want to end it all.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    assert violations(page) == []


def test_an_answer_can_be_given_by_keyboard_alone(visit: Visit, number: str) -> None:
    with transaction() as session:
        path = link_of(session, offered_visit(session), template="visit-offered")
    page = visit(path, java_script_enabled=False)
    page.get_by_role("button", name="Yes, this suits me").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    assert visit_now().state == "booked"


def every_page(number: str) -> dict[str, str]:
    """Every page on which a visit is seen or dealt with, by whomever."""
    with transaction() as session:
        off = booked_visit(session, hour=11)
        of_patient = {
            "booked": link_of(session, booked_visit(session, ready(session))),
            "offered": link_of(session, offered_visit(session, hour=10), template="visit-offered"),
            "cancelled": link_of(session, off),
        }
        cancel(session, off.id, version=off.version, actor=ACTOR, reason="A cold.")
        busy = session.get_one(Lead, booked_visit(session, hour=11).lead_id).number
    of_staff = {"free": f"/{number}/visit?office=new-haven&week=2026-10-12", "lead": f"/{number}", "busy": f"/{busy}"}
    pages = {name: f"/console/leads{path}" for name, path in of_staff.items()} | {"list": "/console/visits?from=2026-10-12"}
    return pages | of_patient | {"spanish": f"{of_patient['booked']}?language=es"}


def test_no_page_of_a_visit_has_a_barrier_or_scrolls_sideways(visit: Visit, number: str) -> None:
    page, found = at_work(visit), {}
    for name, path in every_page(number).items():
        page.goto(path)
        found[name] = barriers(page, f"visit-{name}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
