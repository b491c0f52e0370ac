"""What only a browser shows of worklists, board, palette and keys: by keyboard, by mouse, live, on a phone, in the dark."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.clock import now
from leads.db import transaction
from leads.pipeline.find import by_number
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, ready, violations
from tests.browser.test_console import at_work, stage_of
from tests.cast import make_confirmed_person, make_lead

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]


@pytest.fixture
def numbers(site: str) -> list[str]:
    """Casey's morning: four new leads, and one who was spoken with."""
    with transaction() as session:
        make_account(session)
        names = (("Ana", "Rivera"), ("Noah", "Okafor"), ("Priya", "Shah"), ("Luis", "Castillo"))
        made = [make_lead(session, make_confirmed_person(session, given_name=given, family_name=family)) for given, family in names]
        made.append(make_lead(session, make_confirmed_person(session, given_name="Grace"), stage="contacted", reached_at=now()))
        return [lead.number for lead in made]


def owner_of(number: str) -> object:
    """Whose lead it is, as the database says."""
    with transaction() as session:
        return by_number(session, number).assigned_to


def test_leads_are_chosen_assigned_and_taken_back_by_keyboard(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console?need=new")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Assigned.")
    assert owner_of(numbers[0]) is not None
    ready(page).keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    assert owner_of(numbers[0]) is None
    expect(page).not_to_have_url(re.compile("said="))


def test_a_lead_is_moved_on_the_board_by_keyboard_alone(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console/board")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Ana Rivera")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_contain_text("Move Noah Okafor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Moved.")
    assert stage_of(numbers[1]) == "contacted"
    expect(page.get_by_role("link", name="Noah Okafor")).to_be_focused()
    assert barriers(page, "board-moved") == []
    ready(page).keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    assert stage_of(numbers[1]) == "new"


def test_a_card_of_which_something_came_says_so_and_is_not_taken_back(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console/board")
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=screening]"))
    # The first mail that a process plans has every template read before.
    expect(page.get_by_role("status")).to_contain_text("Mails to them have begun or ended with it", timeout=30_000)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert barriers(page, "board-no-undo") == []


def test_a_card_is_dragged_only_where_it_may_go(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console/board")
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=qualified]"))
    expect(page.get_by_role("status")).to_contain_text("Ana Rivera stays: from New nobody goes straight to Qualified.")
    assert stage_of(numbers[0]) == "new"
    assert barriers(page, "board-refused") == []
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=contacted]"))
    expect(page.get_by_role("status")).to_contain_text("Moved.")
    assert stage_of(numbers[0]) == "contacted"
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=closed]"))
    expect(page.get_by_role("dialog").get_by_label("Outcome")).to_be_focused()
    assert barriers(page, "board-closing") == []


def test_the_palette_goes_to_pages_and_searches_people(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit)
    page.keyboard.press("Control+k")
    page.keyboard.type("boa")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/board")
    page.keyboard.press("Control+k")
    page.keyboard.type("okaf")
    expect(page.get_by_role("option").last).to_contain_text("Search for “okaf”")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/leads/{numbers[1]}")


def test_question_mark_shows_the_keys_and_they_can_be_switched_off(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Single keys act").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).not_to_be_visible()


def test_counts_keep_up_by_themselves_and_say_that_the_list_has_changed(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console?office=woodbury")
    counts, news = page.locator("[data-need=new]"), page.get_by_text("This list has changed")
    expect(counts).to_have_text(["4", "4"])
    with transaction() as session:
        make_lead(session, make_confirmed_person(session), office="new-haven")
        make_lead(session, make_confirmed_person(session, given_name="Ines"))
    expect(counts).to_have_text(["5", "5"], timeout=10_000)
    expect(news).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_role("link", name="Ines Rivera")).to_be_visible()
    expect(news).not_to_be_visible()


def test_the_boards_counts_keep_up_too(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console/board")
    with transaction() as session:
        make_lead(session, make_confirmed_person(session))
    expect(page.locator("[data-at-stage=new]")).to_have_text("5", timeout=10_000)
    expect(page.get_by_text("The board has changed")).to_be_visible()
    assert barriers(page, "board-changed") == []


def test_a_view_is_saved_opened_and_removed(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console?need=new&owner=nobody")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name", exact=True).fill("Nobody's new ones")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("View saved.")
    assert barriers(page, "view-saved") == []
    page.goto("/console")
    page.get_by_role("link", name="Nobody's new ones").click()
    expect(page).to_have_url(re.compile(r"need=new&owner=nobody"))
    page.locator("summary", has_text="Rename").click()
    assert barriers(page, "view-opened") == []
    page.get_by_label("Name", exact=True).fill("New and nobody's")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The view has another name.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Nobody's new ones")).to_be_visible()
    page.get_by_role("button", name="Remove the view").click()
    expect(page.get_by_role("status")).to_contain_text("View removed.")
    assert barriers(page, "view-removed") == []


def test_without_a_mouse_all_times_are_shown_in_utc_until_somebody_turns_back(visit: Visit, numbers: list[str]) -> None:
    page = ready(at_work(visit, "/console/board"))
    a_time, note = page.locator("main time").first, page.get_by_text("Times are in UTC.")
    here = a_time.text_content() or ""
    page.keyboard.press("u")
    expect(a_time).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"))
    expect(a_time).to_have_attribute("title", here)
    page.get_by_role("link", name="Move", exact=False).first.click()
    expect(page.locator("#asked")).to_be_visible()
    page.keyboard.press("Escape")
    ready(page).goto("/console")
    expect(note).to_be_visible()
    expect(page.locator("main time").first).to_contain_text("UTC")
    assert barriers(page, "worklist-utc") == []
    page.get_by_role("button", name="Keys", exact=True).click()
    expect(page.get_by_label("Times in UTC")).to_be_checked()
    page.get_by_label("Times in UTC").uncheck()
    page.keyboard.press("Escape")
    expect(note).not_to_be_visible()
    # A finger finds it at the foot of the page.
    for there in ("in UTC", "in the office's zone"):
        page.get_by_role("button", name=f"Show all times {there}").click()
        assert ("UTC" in (page.locator("main time").first.text_content() or "")) == (there == "in UTC")
    expect(page.locator("main time").first).not_to_contain_text("UTC")


def test_without_a_script_everything_is_still_there(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console?need=new", java_script_enabled=False)
    page.get_by_label(f"Choose {numbers[2]}").check()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_contain_text("Assigned.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    page.goto("/console/board")
    page.get_by_role("link", name=f"Move {numbers[2]}").click()
    page.get_by_role("button", name="We spoke").click()
    assert stage_of(numbers[2]) == "contacted"
