"""What only a browser can show: a simulation, a mail in its frame, a report, and a spreadsheet from the file to its undoing."""

import csv
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from leads.db import transaction
from leads.imports.work import step, under_way
from leads.pipeline.models import Lead
from leads.providers.practices import make_practice
from leads.providers.trust import trust
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, choose, unfold
from tests.browser.test_console import at_work
from tests.browser.test_visits import deliver
from tests.cast import ACTOR
from tests.conftest import Mailbox
from tests.imports.cast import ANA, BEN, NOBODY, sheet
from tests.loop.cast import CALLED, make_referral
from tests.reports.cast import journeys

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
OCTOBER = "from=2026-10&to=2026-10"
SIMULATE = "/console/sequences/new-inquiry/simulate"


@pytest.fixture
def casey(site: str) -> None:
    """A coordinator."""
    with transaction() as session:
        make_account(session)


@pytest.fixture
def clock() -> Iterator[None]:
    """What works on imports in the place of the clock, a step at a time."""
    end = threading.Event()

    def tick() -> None:
        while not end.wait(0.2):
            with transaction() as session:
                for import_id in under_way(session):
                    step(session, import_id)

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    yield
    end.set()
    ticking.join(10)


def leads() -> int:
    """How many there are."""
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Lead)) or 0


def test_a_sequence_is_simulated_with_what_may_happen_on_the_way(visit: Visit, casey: None) -> None:
    page = at_work(visit, SIMULATE)
    page.get_by_label("First day").fill("2026-12-23")
    page.get_by_label("What happens, 1").select_option("asks-to-stop")
    page.get_by_label("On day, 1").fill("6")
    page.get_by_role("button", name="Show the calendar").click()
    expect(page.locator(".calendar")).to_contain_text("Christmas Day")
    expect(page.locator(".calendar .skipped")).to_have_count(5)
    page.get_by_text("Read it").first.click()
    expect(page.locator("pre.mail").first).to_be_visible()
    assert barriers(page, "simulated") == []


def test_a_mail_is_seen_in_the_dark_on_a_phone_and_in_spanish(visit: Visit, casey: None) -> None:
    page = at_work(visit, "/console/mails/how-ketamine-works")
    for choice in ("Dark", "Phone", "Spanish"):
        page.get_by_role("link", name=choice, exact=True).click()
    body = page.frame_locator("iframe").locator("body")
    expect(body).to_contain_text("ketamina")
    expect(body).to_have_css("background-color", "rgb(23, 20, 18)")
    assert page.locator("iframe").bounding_box()["width"] == 390  # type: ignore[index]
    assert barriers(page, "mail-spanish-dark-phone") == []


def test_a_test_of_a_mail_arrives_at_ones_own_address(visit: Visit, casey: None, mailbox: Mailbox) -> None:
    page = at_work(visit, "/console/mails/how-ketamine-works?language=es")
    choose(page, "Send me a test")
    expect(page.get_by_role("status").filter(has_text="A test is on its way")).to_be_visible()
    mail = deliver(mailbox)
    assert "casey@example.com" in mail.to
    assert "ketamina" in mail.text
    assert barriers(page, "mail-tested") == []
    assert leads() == 0


def test_a_report_is_drawn_and_its_file_runs_nothing(visit: Visit, casey: None, tmp_path: Path) -> None:
    with transaction() as session:
        formula = make_practice(session, '=HYPERLINK("https://x.example")', phone="203-555-0160", actor=ACTOR)
        trust(session, formula, method="call", call=CALLED, actor=ACTOR)
        for lead in journeys(session, 30, to="booked", source="referral"):
            make_referral(session, lead=lead, at=formula)
    page = at_work(visit, f"/console/reports/funnel?by=referrer&{OCTOBER}")
    wide = [bar.bounding_box() for bar in page.get_by_role("region", name="All leads").locator("svg rect").all()]
    assert len(wide) >= 5
    assert all(box and box["width"] > 0 and box["height"] > 0 for box in wide)
    expect(page.get_by_role("row").filter(has_text="=HYPERLINK")).to_contain_text("30")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download as CSV").click()
    saved.value.save_as(tmp_path / "funnel.csv")
    rows = list(csv.reader((tmp_path / "funnel.csv").open(encoding="utf-8-sig")))
    assert [row[1] for row in rows if row[0] == '\'=HYPERLINK("https://x.example")'] == ["30"]
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []


def test_a_spreadsheet_is_mapped_rehearsed_brought_in_and_undone(visit: Visit, casey: None, clock: None, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(sheet(ANA, BEN, NOBODY))
    page = at_work(visit, "/console/import")
    page.get_by_label("A spreadsheet saved as CSV").set_input_files(tmp_path / "list.csv")
    page.get_by_role("button", name="Go on to the columns").click()
    page.get_by_label("OK to write").select_option("contact")
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("button", name="Bring 2 lines in").wait_for(timeout=60_000)
    assert barriers(page, "import-rehearsed") == []
    page.get_by_role("button", name="Bring 2 lines in").click()
    # The bar moves, and the page shows its end, without anybody pressing anything.
    expect(page.get_by_role("heading", level=1)).to_have_text("Brought in", timeout=60_000)
    assert leads() == 2
    assert barriers(page, "import-done") == []
    unfold(page, "Undo it")
    page.get_by_role("button", name="Take 2 lines back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Taken back", timeout=60_000)
    assert leads() == 1
    assert barriers(page, "import-taken-back") == []
