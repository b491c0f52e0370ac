"""Each report in a real browser: drawn and written out, nobody known by a small number, and saved as a file no spreadsheet runs."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.pipeline.models import StageChange
from leads.sequences.publish import publish
from tests.accounts.cast import make_account
from tests.browser.conftest import amiss, barriers
from tests.browser.test_console import Visit, at_work
from tests.browser.test_visits import advance
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.loop.cast import make_referral
from tests.providers.cast import make_trusted_practice
from tests.reports.cast import journeys, waited
from tests.reports.test_referrers import more_like
from tests.sequences.conftest import enrolled, rows_of, send

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]
OCTOBER = "from=2026-10&to=2026-10"
REPORTS = ("How far leads come", "How long people wait for us", "Those who refer", "What came of the sequences")


def some_months(session: Session) -> None:
    """Enough leads to be counted, and one group of so few that somebody could be known by its number."""
    make_account(session)
    journeys(session, 40, to="booked")
    journeys(session, 23, to="screening", office="new-haven")
    journeys(session, 7, office="none")
    waited(session, 20, 3)
    practice = make_trusted_practice(session, name="=Elm Family")
    referral = make_referral(session, lead=journeys(session, 1, at=now(), source="referral")[0], at=practice)
    more_like(session, referral, 13, states={"accepted": 1})
    more_like(session, referral, 14, states={"accepted": 1, "booked": 3, "attended": 10})
    publish(session, actor=ACTOR)
    for place in range(24):
        lead = make_lead(session, make_confirmed_person(session, email=f"{place}@example.com"), stage="contacted")
        send(session, rows_of(session, enrolled(session, lead))[0])
        if place % 2:
            at = now() + timedelta(hours=1)
            session.add(StageChange(lead_id=lead.id, from_stage="contacted", to_stage="booked", actor=ACTOR, at=at))


def cells(page: Page, path: Path) -> list[str]:
    """Every cell of the file that the page saves."""
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download as CSV").click()
    saved.value.save_as(path)
    return [cell for row in csv.reader(path.open(encoding="utf-8-sig")) for cell in row]


def test_every_report_is_drawn_has_its_table_and_is_saved(visit: Visit, advance: object, site: str, tmp_path: Path) -> None:
    with transaction() as session:
        some_months(session)
    page = at_work(visit, f"/console/reports/funnel?{OCTOBER}&by=office")
    for title in REPORTS:
        page.get_by_role("navigation", name="Reports").get_by_role("link", name=title).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        drawn, table = page.locator("main .bars").first, page.get_by_role("table").last
        expect(drawn.locator("svg rect:not(.none)").first).to_be_visible()
        assert drawn.bounding_box()["y"] < table.bounding_box()["y"]  # type: ignore[index]
        assert barriers(page, f"report-{title.split()[-1]}") + amiss(page) == []
        found = cells(page, tmp_path / "report.csv")
        assert len(found) > 6
        assert [cell for cell in found if cell.startswith(("=", "+", "-", "@"))] == []
    page.goto(f"/console/reports/funnel?{OCTOBER}")
    page.get_by_role("group", name="By").get_by_role("link", name="Office").click()
    expect(page).to_have_url(re.compile(f"by=office&{OCTOBER}"))
    row = page.get_by_role("table").get_by_role("row", name="No preference")
    expect(row.get_by_role("cell").first).to_have_text("small")
    assert "7" not in cells(page, tmp_path / "funnel.csv")
    page.get_by_label("From").fill("2026-08")
    page.get_by_label("to", exact=True).fill("2026-09")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("No lead began in August to September 2026.")).to_be_visible()
    assert barriers(page, "report-empty") == []
