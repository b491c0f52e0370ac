"""What the console looks like in the middle of something, before axe-core: a dialog open, an undo refused, a page that is not for them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.db import transaction
from leads.pipeline.find import by_number
from leads.pipeline.stages import move
from tests.browser.conftest import barriers, choose, ready
from tests.browser.test_console import at_work, stage_of
from tests.browser.test_worklists import numbers
from tests.cast import ACTOR
from tests.imports.cast import ANA, BEN, sheet

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["numbers"]
Visit = Callable[..., Page]


def test_palette_and_move_dialog_have_no_barrier_while_they_are_open(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console/board")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("listbox", name="Commands").get_by_role("option").nth(8)).to_be_visible()
    assert barriers(page, "palette-open") == []
    page.keyboard.type("nobody is called so")
    expect(page.get_by_role("option", name="Search for")).to_be_visible()
    assert barriers(page, "palette-searching") == []
    # The first clears what was typed, the second closes.
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=f"Move {numbers[0]}").click()
    expect(page.get_by_role("dialog")).to_contain_text("Move Ana Rivera")
    assert barriers(page, "move-open") == []


def test_an_undo_that_comes_too_late_says_so_without_a_barrier(visit: Visit, numbers: list[str]) -> None:
    page = at_work(visit, "/console/board")
    page.get_by_role("link", name="Ana Rivera").focus()
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Moved.")
    assert barriers(page, "moved-with-undo") == []
    with transaction() as session:
        lead = by_number(session, numbers[0])
        move(session, lead.id, "screening", version=lead.version, actor=ACTOR, roles=("coordinator",))
    with page.expect_navigation():
        ready(page).keyboard.press("z")
    expect(page.get_by_role("alert")).to_contain_text("This is not taken back")
    assert barriers(page, "not-undone") == []
    assert stage_of(numbers[0]) == "screening"


def test_a_page_that_is_not_for_them_and_a_file_half_brought_in_have_no_barrier(visit: Visit, numbers: list[str], tmp_path: Path) -> None:
    page = at_work(visit)
    page.goto("/console/colleagues")
    expect(page.get_by_role("heading", name="This is not possible")).to_be_visible()
    assert barriers(page, "refused") == []
    (tmp_path / "list.csv").write_bytes(sheet(ANA, BEN))
    page.goto("/console/import")
    page.get_by_label("A spreadsheet saved as CSV").set_input_files(tmp_path / "list.csv")
    choose(page, "Go on to the columns")
    expect(page.get_by_label("OK to write")).to_be_visible()
    assert barriers(page, "import-columns") == []
