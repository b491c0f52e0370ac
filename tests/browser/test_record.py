"""The record in a real browser: an auditor checks the chain and saves it; a restricted record is opened for a reason that is read."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, text

from leads.access.restrict import restrict
from leads.audit.models import AuditEntry
from leads.audit.seal import seal
from leads.db import transaction
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, choose
from tests.browser.test_console import Visit, at_work
from tests.cast import ACTOR, make_lead

pytestmark = [pytest.mark.browser, pytest.mark.committed]


@pytest.fixture
def number(site: str) -> str:
    """Ana's record is restricted; Casey takes in leads, Sam supervises, Audrey looks and changes nothing."""
    with transaction() as session:
        make_account(session)
        make_account(session, "supervisor", email="sam@example.com", name="Sam Ortiz")
        make_account(session, "auditor", email="audrey@example.com", name="=Audrey Poe")
        lead = make_lead(session)
        restrict(session, lead.person_id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})
        return lead.number


def test_a_restricted_record_opens_for_a_reason_that_a_supervisor_reads(visit: Visit, number: str) -> None:
    page, reason = at_work(visit, f"/console/leads/{number}"), "She phoned, and nobody else was at the desk."
    expect(page.get_by_role("heading", name=f"{number} is restricted")).to_be_visible()
    assert barriers(page, "restricted") == []
    page.get_by_label("Why do you need this record now?").fill(reason)
    choose(page, "Open it for an hour")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ana Rivera")
    theirs = at_work(visit, "/console/openings", email="sam@example.com")
    expect(theirs.get_by_role("row").filter(has_text=reason)).to_contain_text("Casey Lind")
    choose(theirs, f"I have looked at the opening of {number}")
    expect(theirs.get_by_role("button", name="I have looked")).to_have_count(0)


def tamper() -> str:
    """Change an entry behind the system's back; returns which."""
    with transaction() as session:
        first = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)).first()
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_entries SET actor = 'nobody' WHERE id = :id"), {"id": first})
    return str(first)


def test_an_auditor_checks_the_chain_and_saves_what_no_spreadsheet_runs(visit: Visit, number: str, tmp_path: Path) -> None:
    page = at_work(visit, "/console/record", email="audrey@example.com")
    with transaction() as session:
        seal(session)
    choose(page, "Check the chain from its start")
    verdict = page.get_by_role("status").filter(has_text="The chain")
    expect(verdict).to_contain_text("The chain holds.")
    assert barriers(page, "chain-holds") == []
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as CSV").click()
    saved.value.save_as(tmp_path / "record.csv")
    cells = [cell for row in csv.reader((tmp_path / "record.csv").open(encoding="utf-8-sig")) for cell in row]
    assert "'=Audrey Poe" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    changed = tamper()
    choose(page, "Check again")
    expect(verdict).to_contain_text(f"The chain is broken at entry {changed}")
