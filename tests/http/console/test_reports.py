"""The reports pages: a period in the address, small numbers hidden there and in the file."""

import csv
import io

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from tests.http.console.conftest import Browser
from tests.loop.cast import make_referral
from tests.reports.cast import journeys, waited

pytestmark = pytest.mark.usefixtures("tuesday")
REPORTS = ("funnel", "response-times", "referrers", "sequences")
OCTOBER = "from=2026-10&to=2026-10"


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_front_leads_to_the_funnel(coordinator: Browser) -> None:
    assert coordinator.get("/console/reports", follow_redirects=False).headers["location"] == "/console/reports/funnel"


@pytest.mark.parametrize("name", REPORTS)
def test_an_empty_clinic_has_reports_that_say_so(coordinator: Browser, name: str) -> None:
    answer = coordinator.get(f"/console/reports/{name}")
    assert answer.status_code == 200
    assert "August to October 2026" in answer.text


@pytest.mark.parametrize("name", REPORTS)
def test_a_clinic_with_people_has_reports_and_files(session: Session, coordinator: Browser, name: str) -> None:
    journeys(session, 30, to="booked")
    waited(session, 20, 3)
    make_referral(session)
    session.commit()
    assert coordinator.get(f"/console/reports/{name}?{OCTOBER}").status_code == 200
    assert len(rows_of(coordinator.get(f"/console/reports/{name}.csv?{OCTOBER}").content)) > 1


@pytest.mark.parametrize("by", ["source", "office", "referrer"])
def test_the_funnel_is_told_by_source_office_or_referrer(session: Session, coordinator: Browser, by: str) -> None:
    journeys(session, 30, to="booked")
    session.commit()
    assert f"By {by}" in coordinator.get(f"/console/reports/funnel?{OCTOBER}&by={by}").text


def test_small_numbers_stand_neither_on_the_page_nor_in_the_file(session: Session, coordinator: Browser) -> None:
    journeys(session, 40, office="woodbury")
    journeys(session, 23, office="new-haven")
    journeys(session, 7, office="none")
    session.commit()
    page = coordinator.get(f"/console/reports/funnel?{OCTOBER}&by=office").text
    assert ("<td>40</td>" in page, "<td>23</td>" in page, "<td>7</td>" in page) == (True, False, False)
    file = rows_of(coordinator.get(f"/console/reports/funnel.csv?{OCTOBER}&by=office").content)
    assert [row[:2] for row in file] == [
        ["Office", "New"], ["Woodbury", "40"], ["New Haven", "not shown: small"], ["No preference", "not shown: small"], ["All", "70"],
    ]  # fmt: skip


def test_a_download_is_on_record(session: Session, coordinator: Browser) -> None:
    answer = coordinator.get(f"/console/reports/funnel.csv?{OCTOBER}")
    assert answer.headers["content-disposition"] == 'attachment; filename="funnel.csv"'
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "report.downloaded")).one().detail["period"] == OCTOBER


@pytest.mark.parametrize("query", ["from=soon", "from=2026-11&to=2026-10", "by=moon"])
def test_what_is_no_period_is_refused(coordinator: Browser, query: str) -> None:
    assert coordinator.get(f"/console/reports/funnel?{query}").status_code == 422


def test_a_report_there_is_not_is_answered_with_those_there_are(coordinator: Browser) -> None:
    answer = coordinator.get("/console/reports/opens")
    assert answer.status_code == 404
    assert "response-times" in answer.text


def test_no_chart_brings_a_style_or_a_script_of_its_own(session: Session, coordinator: Browser) -> None:
    journeys(session, 30, to="booked")
    session.commit()
    page = coordinator.get(f"/console/reports/funnel?{OCTOBER}").text
    assert "style=" not in page
    assert "<script" not in page.partition("<main")[2].partition("</main>")[0]
