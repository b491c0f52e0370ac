"""A spreadsheet in a real browser: the bar that moves, the lines to mend, the doubles suggested, and all of it undone."""

import csv
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.db import transaction
from leads.imports.prepare import begin
from leads.imports.work import step
from tests.browser.conftest import barriers, choose
from tests.browser.test_console import Visit, at_work
from tests.browser.test_studio import casey, clock, leads
from tests.cast import ACTOR, make_lead
from tests.imports.cast import ANA, BEN, CLEO, HEADINGS, NOBODY, rehearsed, sheet

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["casey", "clock"]
# Her sister: by another name at the same number; and a line that a spreadsheet would run.
MARTA = ("Marta", "Rivera", "marta@example.com", *ANA[3:4], *[""] * 5)
RUNS = ("", '=HYPERLINK("https://x.example")', "nobody", *[""] * 6)


def done(page: Page, title: str) -> None:
    """Wait until the clock has worked through it: the page says so by itself."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=60_000)


def to_mend(page: Page, path: Path) -> list[list[str]]:
    """The lines that cannot be brought in, as the file has them."""
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download these lines").click()
    saved.value.save_as(path)
    return list(csv.reader(path.open(encoding="utf-8-sig")))


def test_lines_to_mend_are_saved_doubles_suggested_and_all_of_it_undone(visit: Visit, casey: None, clock: None, tmp_path: Path) -> None:
    with transaction() as session:
        make_lead(session)
    (tmp_path / "list.csv").write_bytes(sheet(ANA, BEN, MARTA, NOBODY, RUNS))
    page = at_work(visit, "/console/import")
    page.get_by_label("A spreadsheet saved as CSV").set_input_files(tmp_path / "list.csv")
    choose(page, "Go on to the columns")
    choose(page, "Try it without bringing anybody in")
    page.get_by_role("button", name="Bring 3 lines in").wait_for(timeout=60_000)
    expect(page.get_by_role("region", name="What would happen")).to_contain_text("each pair is suggested under “Same person?”")
    headings, *lines = to_mend(page, tmp_path / "mend.csv")
    assert (headings, [line[0] for line in lines]) == (["Line", "What is wrong", *HEADINGS], ["5", "6"])
    assert all(line[1] for line in lines)
    assert [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@"))] == []
    assert barriers(page, "import-tried") == []

    page.get_by_role("button", name="Bring 3 lines in").click()
    done(page, "Brought in")
    assert leads() == 4
    page.goto("/console/merges")
    expect(page.get_by_role("link", name="Compare them").first).to_be_visible()
    pairs = page.locator(".pair").all_inner_texts()
    assert any("Marta" in pair for pair in pairs)
    assert any(pair.count("Rivera, Ana") + pair.count("Ana Rivera") == 2 for pair in pairs)
    assert barriers(page, "import-suggested") == []

    page.goto("/console/import")
    page.get_by_role("link", name="list.csv").click()
    page.get_by_text("Undo it").click()
    choose(page, "Take 3 lines back")
    done(page, "Taken back")
    assert barriers(page, "import-undone") == []
    assert leads() == 1
    page.goto("/console/merges")
    expect(page.get_by_text("No doubles are suspected.")).to_be_visible()


def half_brought_in() -> uuid.UUID:
    """The import of four lines, of which the first two have come in."""
    with transaction() as session:
        held = rehearsed(session, ANA, BEN, CLEO, MARTA)
        begin(session, held.id, actor=ACTOR)
        step(session, held.id)
        return held.id


def go_on(import_id: uuid.UUID) -> None:
    """Do the next lines of it, as the clock does."""
    with transaction() as session:
        step(session, import_id)


def test_the_bar_moves_while_lines_come_in_and_the_page_says_when_it_is_done(
    visit: Visit, casey: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.imports.work.LINES_A_STEP", 2)
    import_id = half_brought_in()
    page = at_work(visit, f"/console/import/{import_id}")
    bar, opened = page.get_by_role("progressbar", name="Each good line becomes a person"), page.evaluate("performance.timeOrigin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Being brought in")
    expect(bar).to_have_attribute("max", "4")
    expect(bar).to_have_js_property("value", 2)
    assert barriers(page, "import-under-way") == []
    go_on(import_id)
    expect(bar).to_have_js_property("value", 4)
    expect(page.get_by_text("4 of 4 lines")).to_be_visible()
    # The very page that was opened: nothing was loaded anew.
    assert page.evaluate("performance.timeOrigin") == opened
    go_on(import_id)
    done(page, "Brought in")
    expect(page.get_by_role("region", name="What became of 4 lines")).to_contain_text("4 brought in")
    expect(bar).to_have_count(0)
    assert leads() == 4
