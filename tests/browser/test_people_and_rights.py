"""Who may do what: roles given and an account closed by an administrator, a second step reset by a supervisor; felt by who it concerns."""

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from leads.accounts.models import Account
from leads.accounts.staff import find_account
from leads.audit.models import AuditEntry
from leads.db import transaction
from tests.accounts.cast import make_account
from tests.accounts.proofs import give_app
from tests.browser.conftest import barriers
from tests.browser.test_console import Visit, at_work

pytestmark = [pytest.mark.browser, pytest.mark.committed]
HERE = "/console/colleagues"


@pytest.fixture
def colleagues(site: str) -> None:
    """Ada manages accounts, Sam supervises, Casey takes in leads."""
    with transaction() as session:
        make_account(session, "administrator", email="ada@example.com", name="Ada Ko")
        make_account(session, "supervisor", email="sam@example.com", name="Sam Ortiz")
        make_account(session)


def casey() -> Account:
    """Casey's account, as the database has it."""
    with transaction() as session:
        found = find_account(session, "casey@example.com")
        assert found
        return found


def card_of_casey(page: Page) -> Locator:
    """What may be done about Casey, unfolded."""
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Casey Lind"))
    if not card.get_by_role("button").first.is_visible():
        card.locator("summary").click()
    return card


def test_roles_are_changed_and_an_account_is_closed_and_opened_again(visit: Visit, colleagues: None) -> None:
    theirs, page = at_work(visit, "/console/new"), at_work(visit, HERE, email="ada@example.com")
    expect(theirs.get_by_role("button", name="Keep it")).to_be_enabled()
    card = card_of_casey(page)
    card.get_by_label("Coordinator").uncheck()
    card.get_by_label("Auditor").check()
    assert barriers(page, "roles") == []
    card.get_by_role("button", name="Give these roles").click()
    expect(card_of_casey(page).locator(".chip")).to_have_text(["auditor"])
    # In the middle of their day: the very next page is another.
    theirs.goto("/console/record")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Who did and saw what")
    expect(theirs.get_by_role("navigation", name="Main").get_by_role("link", name="New", exact=True)).to_have_count(0)

    card_of_casey(page).get_by_role("button", name="Close the account").click()
    expect(card_of_casey(page).get_by_text("closed", exact=True)).to_be_visible()
    assert barriers(page, "account-closed") == []
    theirs.goto("/console")
    expect(theirs.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    card_of_casey(page).get_by_role("button", name="Open the account again").click()
    expect(card_of_casey(page).get_by_text("closed", exact=True)).to_have_count(0)
    assert (casey().roles, casey().disabled_at) == (["auditor"], None)


def test_a_supervisor_resets_a_second_step_and_no_more(visit: Visit, colleagues: None) -> None:
    with transaction() as session:
        give_app(session, session.get_one(Account, casey().id))
    page = at_work(visit, HERE, email="sam@example.com")
    expect(card_of_casey(page)).to_contain_text("second step set up")
    expect(page.get_by_role("button", name="Give these roles")).to_have_count(0)
    expect(page.get_by_role("button", name="Close the account")).to_have_count(0)
    card_of_casey(page).get_by_role("button", name="Reset the second step").click()
    expect(card_of_casey(page)).to_contain_text("no second step yet")
    assert barriers(page, "factor-reset") == []
    assert casey().totp_confirmed_at is None
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.second_factor_reset")).one()
        sam = find_account(session, "sam@example.com")
        assert sam
        assert entry.actor == f"account:{sam.id}"
