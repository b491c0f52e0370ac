"""A fax that names nobody, in a real browser: brought in, then a referral, a lead's, or put aside and back; on a desk and on a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from leads.clock import now
from leads.db import transaction
from tests.accounts.cast import make_account
from tests.browser.conftest import DESKTOP, PHONE, barriers
from tests.browser.test_console import at_work
from tests.cast import make_confirmed_person, make_lead
from tests.scans.cast import make_scan

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
FAX = {"name": "fax-0412.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a page that was fed in upside down"}


@pytest.fixture
def number(site: str) -> str:
    """Casey has a lead, and two scans wait: one late, one of somebody who may be in danger."""
    with transaction() as session:
        casey = make_account(session)
        actor = f"account:{casey.id}"
        late = make_scan(
            session, name="Letter, page 2.jpg", content=b"\xff\xd8\xff a letter", channel="letter", actor=actor, office="woodbury"
        )
        late.brought_at, late.expected_by = now() - timedelta(days=4), now() - timedelta(days=2)
        make_scan(session, content=b"%PDF- urgent", note="She writes that she cannot go on; no name, no number.", urgent=True, actor=actor)
        return make_lead(session, make_confirmed_person(session)).number


def bring_in(page: Page) -> None:
    """Put a fax into the queue, by keyboard where there is one."""
    page.keyboard.press("b")
    page.get_by_label("Scan (PDF, PNG or JPEG)").set_input_files(FAX)  # type: ignore[arg-type]
    page.get_by_label("From, as far as it says").fill("203-555-0144")
    page.get_by_label("What little is known").fill("Two trials without success. The patient's name is cut off.")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("status")).to_contain_text("Kept.")


def test_a_fax_that_names_nobody_becomes_a_referral_with_the_fax_on_it(visit: Visit, number: str) -> None:
    page = at_work(visit)
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**/console/scans")
    page.wait_for_load_state()
    bring_in(page)
    expect(page.locator("[data-tab=scans]").first).to_have_text("3")
    assert barriers(page, "scans-waiting") == []
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.get_by_role("link", name="Type a referral from fax-0412.pdf").click()
    assert barriers(page, "scans-referral") == []
    fields = {"patient.given_name": "Mina", "patient.family_name": "Reyes", "patient.phone": "203-555-0190"}
    fields |= {"provider.npi": "1234567893", "provider.family_name": "Osei", "provider.practice": "Harbor Psychiatry"}
    fields["reason"] = "Two trials without success."
    for name, value in fields.items():
        page.locator(f"[name='{name}']").fill(value)
    expect(page.locator("[name='provider.fax']")).to_have_value("203-555-0144")
    page.get_by_label("We may contact the patient").check()
    page.get_by_label("The referrer", exact=True).check()
    page.get_by_label("In writing, on the sheet").check()
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**/console/leads/L-*")
    expect(page.get_by_role("link", name="fax-0412.pdf")).to_be_visible()
    expect(page.get_by_text("A referral was written from a scan")).to_be_visible()
    page.goto("/console/scans")
    expect(page.locator("[data-tab=scans]").first).to_have_text("2")


def test_one_who_was_found_has_it_on_their_page_until_somebody_sees_it_is_not_theirs(visit: Visit, number: str) -> None:
    page = at_work(visit, "/console/scans")
    card = page.locator("article.scan").filter(has_text="Letter, page 2")
    card.get_by_label("Belongs to").fill(number)
    card.get_by_role("button", name="Give to this lead").click()
    page.wait_for_url(f"**/console/leads/{number}**")
    expect(page.get_by_role("status")).to_contain_text("The scan hangs on this lead now.")
    assert barriers(page, "scans-of-a-lead") == []
    page.get_by_role("button", name="Not theirs").click()
    expect(page.get_by_role("status")).to_contain_text("It waits among the scans again.")
    expect(page.locator("#scans")).to_have_count(0)


def test_on_a_phone_it_is_put_aside_with_a_reason_and_taken_back(visit: Visit, number: str) -> None:
    page = at_work(visit, "/console/scans", viewport=PHONE, color_scheme="dark")
    card = page.locator("article.scan").last
    card.get_by_text("Put aside", exact=True).first.click()
    card.get_by_label("Why does nothing come of it?").fill("Meant for another clinic; they were called.")
    card.get_by_role("button", name="Put aside").click()
    toast = page.get_by_role("status")
    expect(toast).to_contain_text("Put aside.")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Taken back.")
    expect(page.locator("article.scan")).to_have_count(2)


def test_what_was_put_aside_is_found_again(visit: Visit, number: str) -> None:
    page = at_work(visit, "/console/scans")
    card = page.locator("article.scan").last
    card.get_by_text("Put aside", exact=True).first.click()
    card.get_by_label("Why does nothing come of it?").fill("Meant for another clinic; they were called.")
    card.get_by_role("button", name="Put aside").click()
    page.get_by_role("link", name="1 put aside").click()
    expect(page.get_by_text("Meant for another clinic; they were called.")).to_be_visible()
    assert barriers(page, "scans-aside") == []
    page.get_by_role("button", name="Let it wait again").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
