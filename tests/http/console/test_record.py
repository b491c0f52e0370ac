"""The record on its page: searched, saved and its chain checked; and each look at a person stands in it."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from leads.access.looked import LOOKS
from leads.accounts.models import Account
from leads.audit.models import AuditEntry
from leads.audit.seal import seal
from leads.audit.trail import record
from leads.people.models import Person
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.http.console.conftest import Browser
from tests.http.console.entering import enter
from tests.http.console.story import make_story, shown_paths

HERE = "/console/record"
# Pages that list people, or hand something out, each with an entry that names whom it showed.
LISTS = {
    "/console": "leads.listed",
    "/console/board": "leads.listed",
    "/console/inbox": "inbox.listed",
    "/console/leads/{number}/consents.json": "consents.exported",
    "/console/leads/{number}/messages/{message_id}/frame": "message.shown",
    "/console/leads/{number}/messages/{message_id}/as-sent/frame": "message.shown",
    "/console/safety": "safety.listed",
    "/console/leads/{number}/screening/{screening_id}/response.json": "screening.exported",
    "/console/merges": "merges.listed",
    "/console/quarantine": "quarantine.listed",
    "/console/scans": "scans.listed",
    "/console/scans/{scan_id}/document": "scan.read",
    "/console/scans/{scan_id}/shown": "scan.read",
    "/console/sending": "unknown.listed",
    "/console/visits": "visits.listed",
    "/console/openings": "openings.listed",
    "/console/record": "record.searched",
    "/console/record/export.csv": "record.exported",
    "/console/leads/{number}/reads": "reads.listed",
}


@pytest.fixture
def auditor(session: Session) -> Account:
    """Somebody who looks and changes nothing."""
    return make_account(session, "auditor", email="audrey@example.com", name="Audrey Poe")


@pytest.fixture
def token(browser: Browser, session: Session, auditor: Account) -> str:
    """Audrey is in; the token of her forms."""
    return enter(browser, session, auditor)


def test_every_page_that_shows_somebody_puts_the_look_on_record(browser: Browser, session: Session, tuesday: object) -> None:
    looker, story = make_account(session, "auditor", "supervisor"), make_story(session)
    enter(browser, session, looker)
    for path in shown_paths():
        before = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
        assert browser.get(story.at(path)).status_code == 200, path
        new = session.scalars(select(AuditEntry).order_by(AuditEntry.id).offset(before)).all()
        mine = {entry.action for entry in new if entry.actor == f"account:{looker.id}"}
        assert LISTS.get(path, "person.read") in mine, path


def test_who_looked_is_shown_by_number_and_names_no_patient(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    browser.get(f"/console/leads/{lead.number}")
    page = browser.get(f"/console/leads/{lead.number}/reads").text
    assert "Audrey Poe" in page
    assert "person.read" in page
    assert "Rivera" not in page


def test_an_administrator_reads_who_looked_without_seeing_the_lead(browser: Browser, session: Session, lead: Lead) -> None:
    enter(browser, session, make_account(session, "administrator"))
    assert browser.get(f"/console/leads/{lead.number}/reads").status_code == 200
    assert browser.get(f"/console/leads/{lead.number}").status_code == 403


@pytest.mark.parametrize(("query", "found"), [("about={number}", True), ("about=L-999999", False), ("who=system", False)])
def test_the_record_is_searched_by_number_and_account(
    browser: Browser, session: Session, token: str, lead: Lead, query: str, found: bool
) -> None:
    record(session, "person.read", session.get_one(Person, lead.person_id), actor=f"account:{make_account(session).id}")
    session.commit()
    assert ("<code>person.read</code></td>" in browser.get(f"{HERE}?{query.format(number=lead.number)}").text) == found


def test_what_cannot_be_read_in_an_address_is_left_out(browser: Browser, session: Session, token: str) -> None:
    assert browser.get(f"{HERE}?since=yesterday&until=x&before=y&who='--").status_code == 200


def test_the_whole_chain_is_checked_from_the_page(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    seal(session)
    session.commit()
    page = browser.post(f"{HERE}/verify", data={"csrf": token}).text
    assert "The chain holds." in page


def test_a_changed_entry_is_named_on_the_page(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    seal(session)
    first = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)).first()
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("UPDATE audit_entries SET actor = 'nobody' WHERE id = :id"), {"id": first})
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.commit()
    page = browser.post(f"{HERE}/verify", data={"csrf": token}).text
    assert "The chain is broken" in page
    assert str(first) in page


def test_the_table_is_saved_with_a_record_of_who_saved_it(browser: Browser, session: Session, token: str) -> None:
    answer = browser.get(f"{HERE}/export.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="record.csv"'
    assert "Audrey Poe" in answer.text
    assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).first() == "record.exported"


def test_looks_are_acts_that_are_written() -> None:
    assert "person.read" in LOOKS
