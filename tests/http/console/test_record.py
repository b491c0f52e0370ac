"""The record on its page: searched, saved and its chain checked; and each look at a person stands in it."""

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from leads.access.looked import LOOKS
from leads.accounts.models import Account
from leads.app import create_app
from leads.audit.models import AuditEntry
from leads.audit.seal import seal
from leads.audit.trail import record
from leads.messages.outbox import post
from leads.people.models import Person
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.http.console.conftest import Browser
from tests.http.console.entering import enter

HERE = "/console/record"
# Pages that list people, each with an entry that names whom it showed; and those that show nobody.
LISTS = {
    "/console": "leads.listed",
    "/console/merges": "merges.listed",
    "/console/quarantine": "quarantine.listed",
    "/console/sending": "unknown.listed",
    "/console/visits": "visits.listed",
    "/console/openings": "openings.listed",
    "/console/record": "record.searched",
    "/console/record/export.csv": "record.exported",
    "/console/leads/{number}/reads": "reads.listed",
}
NOBODY = ("/console/sign-in", "/console/oidc/", "/console/invited/", "/console/here", "/console/locked", "/console/second-factor")
NOBODY += ("/console/account", "/console/colleagues", "/console/{mistyped")
NEEDS_MORE = ("/console/leads/{number}/referrals/{which}/attachments/{attachment_id}",)
NEEDS_MORE += ("/console/safety", "/console/safety/test/{test_id}")
BY_PHONE = "/console/leads/{number}/screening/"


@pytest.fixture
def auditor(session: Session) -> Account:
    """Somebody who looks and changes nothing."""
    return make_account(session, "auditor", email="audrey@example.com", name="Audrey Poe")


@pytest.fixture
def token(browser: Browser, session: Session, auditor: Account) -> str:
    """Audrey is in; the token of her forms."""
    return enter(browser, session, auditor)


def shown_paths() -> list[str]:
    """Every page of the console that shows somebody."""
    routes = [each for each in iter_route_contexts(create_app().routes) if (each.path or "").startswith("/console")]
    paths = {each.path or "" for each in routes if "GET" in (each.methods or ())}
    return sorted(path for path in paths if not path.startswith((*NOBODY, BY_PHONE)) and path not in NEEDS_MORE)


def test_every_page_that_shows_somebody_puts_the_look_on_record(
    browser: Browser, session: Session, token: str, auditor: Account, lead: Lead
) -> None:
    mail = post(session, lead.person_id, "inquiry-received", cause="test", lead_id=lead.id)
    session.commit()
    for path in shown_paths():
        before = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
        assert browser.get(path.format(number=lead.number, message_id=mail.id)).status_code == 200, path
        new = session.scalars(select(AuditEntry).order_by(AuditEntry.id).offset(before)).all()
        mine = {entry.action for entry in new if entry.actor == f"account:{auditor.id}"}
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
