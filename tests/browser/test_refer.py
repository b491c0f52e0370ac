"""The referral form in a real browser: by keyboard, on a phone, without JavaScript, and with what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select

from leads.db import transaction
from leads.http.referrer import COOKIE
from leads.loop.models import Attachment, Draft, Referral
from leads.providers.models import Practice, Provider
from leads.providers.sign_in import Referrer, open_session
from leads.providers.store import store
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.providers.cast import ANA, BEN, line
from tests.referrals.cast import make_referral

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
PDF: FilePayload = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF"}


def fill(page: Page) -> None:
    clinician, patient = page.get_by_role("group", name="Referring clinician"), page.get_by_role("group", name="Patient", exact=True)
    clinician.get_by_label("NPI").fill(ANA)
    clinician.get_by_label("Last name").fill("Rivera")
    clinician.get_by_label("Practice").fill("Riverside Psychiatry")
    clinician.get_by_label("Phone").fill("203-555-0140")
    patient.get_by_label("First name").fill("Jordan")
    patient.get_by_label("Last name").fill("Doe")
    patient.get_by_label("Phone").fill("203-555-0123")
    page.get_by_label("Reason for the referral").fill("Two adequate trials without response.")


def test_a_referral_is_sent_and_answered_with_its_number(visit: Visit) -> None:
    page = visit("/refer")
    fill(page)
    page.get_by_label("Letters, lists of medicines, results").set_input_files([PDF])
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", name="Received. Thank you.")).to_be_visible()
    with transaction() as session:
        kept = session.scalars(select(Referral)).one()
        assert session.scalars(select(Attachment.size)).one() == len(PDF["buffer"])
        expect(page.get_by_text(kept.number).first).to_be_visible()


def test_what_is_refused_leads_to_its_field_and_loses_nothing(visit: Visit) -> None:
    page = visit("/refer", viewport=PHONE)
    fill(page)
    page.get_by_label("NPI").fill("1234567890")
    page.get_by_label("Letters, lists of medicines, results").set_input_files([PDF])
    page.get_by_role("button", name="Send the referral").click()
    assert violations(page) == []
    expect(page.get_by_text("Please choose your documents again")).to_contain_text("letter.pdf")
    page.get_by_role("link", name="This is not an NPI").click()
    expect(page.get_by_label("NPI")).to_be_focused()
    expect(page.get_by_label("Reason for the referral")).to_have_value("Two adequate trials without response.")


def test_it_can_be_sent_on_a_phone_without_javascript(visit: Visit) -> None:
    page = visit("/refer", viewport=PHONE, java_script_enabled=False, has_touch=True)
    fill(page)
    page.get_by_label("Medicine or treatment").first.fill("sertraline")
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", name="Received. Thank you.")).to_be_visible()
    expect(page.get_by_text("sertraline")).to_be_visible()


@pytest.mark.parametrize("look", [(DESKTOP, "light"), (PHONE, "dark")])
def test_neither_the_form_nor_its_answer_has_a_barrier(visit: Visit, look: tuple[dict[str, int], str]) -> None:
    page = visit("/refer", viewport=look[0], color_scheme=look[1])
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    fill(page)
    page.get_by_label("The patient may be in danger now").check()
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("heading", name="Received. Thank you.")).to_be_visible()
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_an_npi_fills_in_what_the_registry_says_and_shows_the_name_back(visit: Visit) -> None:
    with transaction() as session:
        store(session, [line(ANA)])
    page = visit("/refer")
    page.get_by_label("NPI").press_sequentially(ANA)
    expect(page.get_by_role("status")).to_have_text("The registry knows this NPI as Ana Rivera (New Haven, CT)")
    expect(page.locator("[id='provider.family_name']")).to_have_value("Rivera")
    expect(page.locator("[id='provider.phone']")).to_have_value("203-555-0123")


def test_a_name_offers_who_bears_it(visit: Visit) -> None:
    with transaction() as session:
        store(session, [line(ANA)])
    page = visit("/refer")
    page.locator("[id='provider.family_name']").press_sequentially("River")
    page.get_by_role("button", name="Ana Rivera").click()
    expect(page.get_by_label("NPI")).to_have_value(ANA)
    assert violations(page) == []


def test_another_npi_takes_what_came_with_the_first_one_along_but_not_what_was_typed(visit: Visit) -> None:
    with transaction() as session:
        store(session, [line(ANA), line(BEN, {"Provider Last Name (Legal Name)": "Ortiz"})])
    page = visit("/refer")
    page.get_by_label("NPI").fill(ANA)
    expect(page.locator("[id='provider.family_name']")).to_have_value("Rivera")
    page.locator("[id='provider.fax']").fill("203-555-0199")
    page.get_by_label("NPI").fill(BEN)
    expect(page.locator("[id='provider.family_name']")).to_have_value("Ortiz")
    expect(page.locator("[id='provider.fax']")).to_have_value("203-555-0199")


def test_a_wrong_check_digit_and_too_large_documents_are_told_before_sending(visit: Visit, tmp_path: Path) -> None:
    page = visit("/refer")
    page.get_by_label("NPI").fill("1234567890")
    expect(page.get_by_role("status")).to_contain_text("check digit does not fit")
    fill(page)
    large = tmp_path / "scan.pdf"
    large.write_bytes(b"%PDF-1.7" + bytes(21 * 1024 * 1024))
    page.get_by_label("Letters, lists of medicines, results").set_input_files([large])
    page.get_by_role("button", name="Send the referral").click()
    expect(page.get_by_role("alert")).to_contain_text("20 MB in all")
    expect(page.get_by_label("Letters, lists of medicines, results")).to_be_focused()


def test_what_somebody_signed_in_types_is_saved_and_there_again(visit: Visit) -> None:
    with transaction() as session:
        sent = make_referral(session)
        who = Referrer(session.get_one(Provider, sent.provider_id), session.get_one(Practice, sent.practice_id))
        secret = open_session(session, who)
    page = visit("/refer")
    page.context.add_cookies([{"name": COOKIE, "value": secret, "url": page.url}])
    page.goto("/refer")
    page.get_by_label("Reason for the referral").fill("Two adequate tri")
    expect(page.get_by_text("Saved at")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Reason for the referral").press_sequentially("als.")
    page.wait_for_timeout(2500)
    page.reload()
    expect(page.get_by_label("Reason for the referral")).to_have_value("Two adequate trials.")
    with transaction() as session:
        assert len(session.scalars(select(Draft)).all()) == 1
