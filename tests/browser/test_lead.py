"""A lead's page in a real browser: by keyboard alone from inquiry to visit; a note that arrives; a merge undone; intake in a minute."""

import time
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import transaction
from leads.inquiries.receive import Arrival, receive
from leads.people.match import suggest_merge
from leads.pipeline.confirm import confirm_address
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.screening.begin import begin
from leads.todos.models import Todo
from leads.todos.open import OWN, open_todo
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers
from tests.browser.test_console import Visit, at_work, stage_of
from tests.browser.test_visits import Advance, advance, deliver
from tests.cast import ACTOR, submission
from tests.conftest import Mailbox
from tests.referrals.cast import make_referral

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]
CONTROLS = "main :is(button, input:not([type=hidden]), select, textarea, nav, .button, form:not(.todo)):visible"


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


def test_a_folded_form_is_reached_by_its_command(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    folded = page.locator("main summary:not([data-key-label]):visible").filter(has_not_text="Not offered").first
    name = folded.inner_text().strip()
    press(page, "Control+k")
    expect(page.locator("#palette-list")).not_to_contain_text("End the pause now")
    page.keyboard.type(name)
    expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text(name)
    press(page, "Enter")
    assert folded.evaluate("each => each.parentElement.open && each.parentElement.contains(document.activeElement)")


def reach(page: Page, control: Locator) -> None:
    """Go on with Tab until a control has the focus."""
    for _ in range(100):
        if control.evaluate("each => each === document.activeElement"):
            return
        press(page, "Tab")
    pytest.fail("The keyboard does not reach it.")


def test_by_keyboard_from_the_inquiry_to_the_visit(visit: Visit, number: str) -> None:
    page = at_work(visit)
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
    page = at_work(visit, lead_page(number))
    page.emulate_media(media="print")
    for shown in (page.get_by_role("heading", name="Ana Rivera"), page.locator("#timeline")):
        expect(shown).to_be_visible()
    for hidden in (page.locator("header nav"), page.locator("#log-call"), page.locator(".others")):
        expect(hidden.first).not_to_be_visible()


def test_a_printed_lead_has_nothing_to_press_however_much_there_is_to_do(visit: Visit, number: str) -> None:
    with transaction() as session:
        referral = make_referral(session)
        lead = session.get_one(Lead, referral.lead_id)
        begin(session, lead.id, channel="phone", actor=ACTOR, language="en")
        disclose(session, lead.person_id, lead.id, source="inquiry")
        open_todo(session, OWN, person_id=lead.person_id, lead_id=lead.id, due_at=now(), note="Send the map")
        theirs, sent = lead.number, f"Referral {referral.number}"
    page = at_work(visit, lead_page(theirs))
    assert page.locator(CONTROLS).count() > 20
    page.emulate_media(media="print")
    expect(page.locator(CONTROLS)).to_have_count(0)
    for told in ("Safety hold", sent, "Screening", "Timeline"):
        expect(page.get_by_role("heading", name=told)).to_be_visible()
    expect(page.locator(".todo").get_by_text("Send the map")).to_be_visible()


def test_a_note_written_here_arrives(visit: Visit, number: str, mailbox: Mailbox) -> None:
    page = at_work(visit, lead_page(number))
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
    page = at_work(visit, "/console/merges")
    page.get_by_role("link", name="Compare them").click()
    page.get_by_role("button", name="Merge: they are one person").click()
    # The address of what was merged (#merged) unfolds it.
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("The merge was undone")).to_be_visible()


def test_the_second_of_two_coordinators_sees_what_changed(visit: Visit, number: str, advance: Advance) -> None:
    first, second = at_work(visit, lead_page(number)), at_work(visit, lead_page(number))
    advance(timedelta(minutes=1))
    first.get_by_label("Note for colleagues").fill("She prefers mornings.")
    chosen(first, "Write")
    second.get_by_label("Note for colleagues").fill("She asked about parking.")
    chosen(second, "Write")
    expect(second.get_by_role("alert")).to_contain_text("Somebody changed this lead")
    expect(second.get_by_label("Note for colleagues")).to_have_value("She asked about parking.")
    expect(second.locator("#timeline .flag").first).to_have_text("new")


def test_words_changed_on_an_old_page_never_become_a_second_mail(visit: Visit, number: str, advance: Advance, mailbox: Mailbox) -> None:
    page = at_work(visit, lead_page(number))
    press(page, "e")
    page.keyboard.type("We will call you on Monday.")
    page.get_by_label("Not before").fill("2026-10-07T12:00")
    chosen(page, "Put it among the mails")
    page.get_by_role("link", name="Personal note").first.click()
    other = at_work(visit, lead_page(number))
    advance(timedelta(minutes=1))
    other.get_by_label("Note for colleagues").fill("She prefers Tuesdays.")
    chosen(other, "Write")
    words = page.get_by_label("Its words")
    words.fill("We will call you on Tuesday.")
    chosen(page, "Change the words")
    expect(page.get_by_role("alert")).to_contain_text("She prefers Tuesdays.")
    expect(words).to_have_value("We will call you on Tuesday.")
    chosen(page, "Change the words")
    advance(timedelta(days=1, hours=3))
    deliver(mailbox)
    assert [mail.text.count("We will call you on") for mail in mailbox.messages if "We will call" in mail.text] == [1]
    assert any("on Tuesday." in mail.text for mail in mailbox.messages)


def test_a_bounced_address_is_put_right_by_keyboard_and_the_to_do_ends(visit: Visit, number: str) -> None:
    with transaction() as session:
        lead = by_number(session, number)
        open_todo(session, "phone-instead", person_id=lead.person_id, lead_id=lead.id, due_at=lead.expected_by)
    page = at_work(visit, lead_page(number))
    press(page, "d")
    page.wait_for_url("**/details")
    reach(page, page.get_by_label("E-mail", exact=True))
    press(page, "Control+a")
    page.keyboard.type("ana.rivera@example.com")
    reach(page, page.get_by_label("Who said so, and how"))
    page.keyboard.type("Ana herself, on the phone")
    for tick in ("I read it back to them", "I have phoned them"):
        reach(page, page.get_by_label(tick))
        press(page, "Space")
    assert barriers(page, "details") == []
    chosen(page, "Correct it")
    expect(page.locator(".who")).to_contain_text("ana.rivera@example.com")
    expect(page.locator(".who")).to_contain_text("Confirmed")
    expect(page.get_by_text("Details corrected")).to_be_visible()
    expect(page.locator(".todo")).to_have_count(0)


def open_calls(number: str) -> list[str]:
    """The days on which somebody is to be called, as the office reads them."""
    with transaction() as session:
        lead = by_number(session, number)
        calls = session.scalars(select(Todo).where(Todo.lead_id == lead.id, Todo.kind == "call", Todo.done_at.is_(None)))
        return [str(each.due_at.astimezone(clinic().office(lead.office).zone).date()) for each in calls]


def test_who_was_not_reached_is_called_again_on_the_day_that_was_chosen(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    assert open_calls(number) != ["2026-10-14"]
    page.get_by_label("What was said").fill("Her sister answered: Wednesday week is better.")
    page.get_by_label("Call again on").fill("2026-10-14")
    chosen(page, "2 Left a message")
    expect(page.get_by_text("Call: left a message")).to_be_visible()
    expect(page.get_by_text("Wednesday week is better.")).to_be_visible()
    expect(page.locator("section.next .what")).to_contain_text("Call them by Wed Oct 14")
    assert open_calls(number) == ["2026-10-14"]


def test_who_was_reached_can_have_another_call_on_a_day_of_theirs(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    page.get_by_label("Call again on").fill("2026-10-14")
    with page.expect_navigation():
        page.get_by_role("button", name="Reached").click()
    expect(page.get_by_text("Call: reached")).to_be_visible()
    assert (stage_of(number), open_calls(number)) == ("contacted", ["2026-10-14"])


def test_a_day_that_has_passed_is_refused_and_what_was_typed_stays(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    page.get_by_label("What was said").fill("Nobody answered.")
    page.get_by_label("Call again on").fill("2026-10-01")
    chosen(page, "3 No answer")
    expect(page.get_by_role("alert")).to_contain_text("Choose a day for the next call, within a year.")
    expect(page.get_by_label("What was said")).to_have_value("Nobody answered.")
    expect(page.get_by_label("Call again on")).to_have_value("2026-10-01")
    expect(page.get_by_text("Call: no answer")).to_have_count(0)


def test_a_call_is_an_inquiry_within_a_minute_by_keyboard(visit: Visit, number: str) -> None:
    page, begun = at_work(visit, "/console/new"), time.monotonic()
    expect(page.locator("#given_name")).to_be_focused()
    for typed in ("Ben", "Ito", "203-555-0123"):
        page.keyboard.type(typed)
        press(page, "Tab")
    # Somebody we know has this number: it is said before anything is kept.
    expect(page.locator("#known")).to_contain_text("Ana Rivera")
    page.keyboard.type("ben@example.com")
    page.get_by_label("We may contact them about this").focus()
    press(page, "Space")
    page.get_by_label("The patient themself").focus()
    press(page, "Space")
    page.get_by_label("By phone").focus()
    press(page, "Space")
    press(page, "Enter")
    page.wait_for_url("**/console/leads/L-*")
    assert time.monotonic() - begun < 60
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ben Ito")
