"""What only a browser shows of worklists, board, palette and keys: by keyboard, by mouse, live, on a phone, in the dark."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.clock import now
from leads.db import transaction
from leads.pipeline.find import by_number
from tests.accounts.cast import make_account
from tests.browser.conftest import violations
from tests.browser.test_console import sign_in, stage_of
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
    page = sign_in(visit, "/console?need=new")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Assigned.")
    assert owner_of(numbers[0]) is not None
    page.keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    assert owner_of(numbers[0]) is None
    expect(page).not_to_have_url(re.compile("said="))


def test_a_lead_is_moved_on_the_board_by_keyboard_alone(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit, "/console/board")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Ana Rivera")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_contain_text("Move Noah Okafor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Moved.")
    assert stage_of(numbers[1]) == "contacted"
    expect(page.get_by_role("link", name="Noah Okafor")).to_be_focused()
    page.keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    assert stage_of(numbers[1]) == "new"


def test_a_card_of_which_something_came_says_so_and_is_not_taken_back(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit, "/console/board")
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=screening]"))
    # The first mail that a process plans has every template read before.
    expect(page.get_by_role("status")).to_contain_text("Mails to them have begun or ended with it", timeout=30_000)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_card_is_dragged_only_where_it_may_go(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit, "/console/board")
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=qualified]"))
    assert stage_of(numbers[0]) == "new"
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=contacted]"))
    expect(page.get_by_role("status")).to_contain_text("Moved.")
    assert stage_of(numbers[0]) == "contacted"
    page.locator(f"[id='{numbers[0]}']").drag_to(page.locator("[data-stage=closed]"))
    expect(page.get_by_role("dialog").get_by_label("Outcome")).to_be_focused()


def test_the_palette_goes_to_pages_and_searches_people(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit)
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
    page = sign_in(visit)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Single keys act").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).not_to_be_visible()


def test_counts_keep_up_by_themselves(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit)
    count = page.locator("[data-need=new]")
    expect(count).to_have_text("4")
    with transaction() as session:
        make_lead(session, make_confirmed_person(session))
    expect(count).to_have_text("5", timeout=10_000)


def test_without_a_script_everything_is_still_there(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit, "/console?need=new", java_script_enabled=False)
    page.get_by_label(f"Choose {numbers[2]}").check()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_contain_text("Assigned.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    page.goto("/console/board")
    page.get_by_role("link", name=f"Move {numbers[2]}").click()
    page.get_by_role("button", name="We spoke").click()
    assert stage_of(numbers[2]) == "contacted"
