"""A lead's page in a real browser: by keyboard alone from inquiry to visit; a note that arrives; a merge undone; intake in a minute."""

import time
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from leads.clinic.profile import clinic
from leads.db import transaction
from leads.inquiries.receive import Arrival, receive
from leads.people.match import suggest_merge
from leads.pipeline.confirm import confirm_address
from leads.pipeline.find import by_number
from leads.todos.models import Todo
from tests.accounts.cast import make_account
from tests.browser.test_console import Visit, sign_in, stage_of
from tests.browser.test_visits import Advance, advance, deliver
from tests.cast import submission
from tests.conftest import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]


@pytest.fixture
def number(advance: object, site: str) -> str:
    """Ana has written on Tuesday at ten, and her address is hers."""
    with transaction() as session:
        made = receive(session, submission(), Arrival("page")).number
        make_account(session, "coordinator", "clinician")
        confirm_address(session, by_number(session, made).id, method="button", actor="system")
    return made


def lead_page(number: str) -> str:
    return f"/console/leads/{number}"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def chosen(page: Page, name: str) -> None:
    """Reach a button by the keyboard alone and press it."""
    page.get_by_role("button", name=name, exact=True).focus()
    with page.expect_navigation():
        press(page, "Enter")


def command(page: Page, name: str) -> None:
    """Choose among the commands what a button of this page does."""
    press(page, "Control+k")
    page.keyboard.type(name)
    expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text(name)
    with page.expect_navigation():
        press(page, "Enter")


def reach(page: Page, control: Locator) -> None:
    """Go on with Tab until a control has the focus."""
    for _ in range(100):
        if control.evaluate("each => each === document.activeElement"):
            return
        press(page, "Tab")
    pytest.fail("The keyboard does not reach it.")


def test_by_keyboard_from_the_inquiry_to_the_visit(visit: Visit, number: str) -> None:
    page = sign_in(visit)
    press(page, "j")
    expect(page.get_by_role("link", name="Ana Rivera")).to_be_focused()
    press(page, "Enter")
    page.wait_for_url(f"**{lead_page(number)}")
    with page.expect_navigation():
        press(page, "c", "1")
    expect(page.get_by_text("Call: reached")).to_be_visible()
    command(page, "Start screening")
    command(page, "Qualified")
    press(page, "b")
    page.wait_for_url("**/visit**")
    reach(page, page.locator(".elsewhere summary"))
    press(page, "Enter", "Tab")
    page.keyboard.type("10152026")
    press(page, "ArrowRight")
    page.keyboard.type("1000AM")
    reach(page, page.locator("button[value='book-typed']"))
    press(page, "Enter")
    page.wait_for_url("**#visit")
    assert stage_of(number) == "booked"


def test_a_printed_lead_is_its_story_without_the_controls(visit: Visit, number: str) -> None:
    page = sign_in(visit, lead_page(number))
    page.emulate_media(media="print")
    for shown in (page.get_by_role("heading", name="Ana Rivera"), page.locator("#timeline")):
        expect(shown).to_be_visible()
    for hidden in (page.locator("header nav"), page.locator("#log-call"), page.locator(".others")):
        expect(hidden.first).not_to_be_visible()


def test_a_note_written_here_arrives(visit: Visit, number: str, mailbox: Mailbox) -> None:
    page = sign_in(visit, lead_page(number))
    press(page, "e")
    page.keyboard.type("Thank you for your call. We are glad you wrote.")
    chosen(page, "Put it among the mails")
    page.get_by_role("link", name="Personal note").first.click()
    expect(page.get_by_text("We are glad you wrote.").first).to_be_visible()
    deliver(mailbox)
    assert any("We are glad you wrote." in mail.text for mail in mailbox.messages)


def test_two_records_are_merged_and_taken_apart(visit: Visit, number: str) -> None:
    with transaction() as session:
        twice = receive(session, submission(given_name="Anna", email="anna@example.com", birth_date=None), Arrival("page")).number
        one, two = (by_number(session, each).person_id for each in (number, twice))
        suggest_merge(session, one, two, why="phone")
    page = sign_in(visit, "/console/merges")
    page.get_by_role("link", name="Compare them").click()
    page.get_by_role("button", name="Merge: they are one person").click()
    # The address of what was merged (#merged) unfolds it.
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("The merge was undone")).to_be_visible()


def test_the_second_of_two_coordinators_sees_what_changed(visit: Visit, number: str, advance: Advance) -> None:
    first, second = sign_in(visit, lead_page(number)), sign_in(visit, lead_page(number))
    advance(timedelta(minutes=1))
    first.get_by_label("Note for colleagues").fill("She prefers mornings.")
    chosen(first, "Write")
    second.get_by_label("Note for colleagues").fill("She asked about parking.")
    chosen(second, "Write")
    expect(second.get_by_role("alert")).to_contain_text("Somebody changed this lead")
    expect(second.get_by_label("Note for colleagues")).to_have_value("She asked about parking.")
    expect(second.locator("#timeline .flag").first).to_have_text("new")


def open_calls(number: str) -> list[str]:
    """The days on which somebody is to be called, as the office reads them."""
    with transaction() as session:
        lead = by_number(session, number)
        calls = session.scalars(select(Todo).where(Todo.lead_id == lead.id, Todo.kind == "call", Todo.done_at.is_(None)))
        return [str(each.due_at.astimezone(clinic().office(lead.office).zone).date()) for each in calls]


def test_who_was_not_reached_is_called_again_on_the_day_that_was_chosen(visit: Visit, number: str) -> None:
    page = sign_in(visit, lead_page(number))
    assert open_calls(number) != ["2026-10-14"]
    page.get_by_label("What was said").fill("Her sister answered: Wednesday week is better.")
    page.get_by_label("Call again on").fill("2026-10-14")
    chosen(page, "2 Left a message")
    expect(page.get_by_text("Call: left a message")).to_be_visible()
    expect(page.get_by_text("Wednesday week is better.")).to_be_visible()
    expect(page.locator("section.next .what")).to_contain_text("Call them by Wed Oct 14")
    assert open_calls(number) == ["2026-10-14"]


def test_who_was_reached_can_have_another_call_on_a_day_of_theirs(visit: Visit, number: str) -> None:
    page = sign_in(visit, lead_page(number))
    page.get_by_label("Call again on").fill("2026-10-14")
    with page.expect_navigation():
        page.get_by_role("button", name="Reached").click()
    expect(page.get_by_text("Call: reached")).to_be_visible()
    assert (stage_of(number), open_calls(number)) == ("contacted", ["2026-10-14"])


def test_a_day_that_has_passed_is_refused_and_what_was_typed_stays(visit: Visit, number: str) -> None:
    page = sign_in(visit, lead_page(number))
    page.get_by_label("What was said").fill("Nobody answered.")
    page.get_by_label("Call again on").fill("2026-10-01")
    chosen(page, "3 No answer")
    expect(page.get_by_role("alert")).to_contain_text("Choose a day for the next call, within a year.")
    expect(page.get_by_label("What was said")).to_have_value("Nobody answered.")
    expect(page.get_by_label("Call again on")).to_have_value("2026-10-01")
    expect(page.get_by_text("Call: no answer")).to_have_count(0)


def test_a_call_is_an_inquiry_within_a_minute_by_keyboard(visit: Visit, number: str) -> None:
    page, begun = sign_in(visit, "/console/new"), time.monotonic()
    for typed in ("Ben", "Ito", "203-555-0123"):
        page.keyboard.type(typed)
        press(page, "Tab")
    # Somebody we know has this number: it is said before anything is kept.
    expect(page.locator("#known")).to_contain_text("Ana Rivera")
    page.keyboard.type("ben@example.com")
    page.get_by_label("Who said so, and how").focus()
    page.keyboard.type("Ben himself, on the phone")
    press(page, "Enter")
    page.wait_for_url("**/console/leads/L-*")
    assert time.monotonic() - begun < 60
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ben Ito")
