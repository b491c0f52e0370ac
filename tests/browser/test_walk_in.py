"""Somebody walks in and becomes a lead, with what was said and by whom; and whoever calls is found from the search of every page."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.consent.models import ConsentEntry
from leads.db import transaction
from leads.pipeline.find import by_number
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, choose, ready
from tests.browser.test_console import Visit, at_work
from tests.browser.test_lead import press
from tests.cast import make_confirmed_person, make_lead
from tests.referrals.cast import make_referral

pytestmark = [pytest.mark.browser, pytest.mark.committed]


@pytest.fixture
def number(site: str) -> str:
    """Ana's lead, with Casey to look for it; and Jordan, whom Riverside Psychiatry sent."""
    with transaction() as session:
        make_account(session)
        make_referral(session)
        return make_lead(session, make_confirmed_person(session, phone="+12035550177")).number


def said_of(number: str) -> list[tuple[str, str, str | None]]:
    """What they agreed to, how and by whom it was said."""
    with transaction() as session:
        theirs = select(ConsentEntry).where(ConsentEntry.person_id == by_number(session, number).person_id)
        return [(each.kind, each.method, each.evidence) for each in session.scalars(theirs.order_by(ConsentEntry.kind))]


def test_a_walk_in_becomes_an_inquiry_with_consent_as_it_was_spoken(visit: Visit, number: str) -> None:
    page = ready(at_work(visit))
    press(page, "g", "n")
    page.wait_for_url("**/console/new")
    page.get_by_label("A walk-in").check()
    for name, words in {"given_name": "Mina", "family_name": "Reyes", "phone": "12", "message": "She is here now."}.items():
        page.locator(f"[name={name}]").fill(words)
    page.get_by_label("Office").select_option(label="Woodbury")
    page.get_by_label("We have spoken with them").check()
    page.get_by_label("We may contact them about this").check()
    page.get_by_role("button", name="Keep it").click()
    # What is ticked was said by somebody: the browser asks before it sends.
    expect(page.get_by_label("The patient themself")).to_be_focused()
    page.get_by_label("Somebody for them").check()
    page.get_by_label("Who that is").fill("her sister Marta")
    page.get_by_label("In person").check()
    choose(page, "Keep it")
    page.get_by_role("alert").get_by_role("link", name="Phone").click()
    expect(page.get_by_label("A walk-in")).to_be_checked()
    expect(page.get_by_label("Who that is")).to_have_value("her sister Marta")
    assert barriers(page, "walk-in-refused") == []
    page.locator("[name=phone]").fill("203-555-0190")
    choose(page, "Keep it")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mina Reyes")
    expect(page.get_by_role("status")).to_contain_text("The inquiry is kept")
    expect(page.locator("#timeline")).to_contain_text("Call: reached")
    made = page.url.partition("?")[0].rpartition("/")[2]
    assert said_of(made) == [("contact", "spoken-for", "Somebody for them, her sister Marta, in person")]
    assert barriers(page, "walked-in") == []
    page.get_by_role("link", name="consents", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="her sister Marta, in person")).to_contain_text("Casey Lind")
    assert barriers(page, "walk-in-consents") == []
    for path in ("/console", "/console/board"):
        page.goto(path)
        assert page.get_by_label("Source").get_by_role("option").all_inner_texts() == ["Any", "Inquiry", "Referral", "Import"]
        page.get_by_label("Source").select_option(label="Inquiry")
        choose(page, "Show")
        expect(page.get_by_role("main").get_by_role("link", name=re.compile("Mina Reyes"))).to_be_visible()
        expect(page.get_by_role("main").get_by_role("link", name=re.compile("Jordan Doe"))).to_have_count(0)


def look_for(page: Page, words: str) -> None:
    """Type into the search of the header, by keyboard alone."""
    press(ready(page), "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    press(page, "Control+a")
    page.keyboard.type(words)
    with page.expect_navigation():
        press(page, "Enter")


def test_whoever_calls_is_found_by_what_they_say_of_themselves_or_of_who_sent_them(visit: Visit, number: str) -> None:
    page = at_work(visit)
    for words in ("ana@example.com", "(203) 555-0177", number, number.lower()):
        look_for(page, words)
        expect(page).to_have_url(f"{page.evaluate('origin')}/console/leads/{number}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ana Rivera")
    for words in ("Riverside Psychiatry", "1234567893"):
        look_for(page, words)
        expect(page.get_by_role("heading", name="1 lead found")).to_be_visible()
        expect(page.get_by_role("searchbox")).to_have_value(words)
    # What was typed stands in no address.
    assert page.url.endswith("/console/find")
    assert barriers(page, "found-by-referrer") == []
    look_for(page, "Rivera")
    expect(page.get_by_role("heading", name="2 leads found")).to_be_visible()
    press(ready(page), "j", "j")
    expect(page.get_by_role("link", name="Jordan Doe")).to_be_focused()
    with page.expect_navigation():
        press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jordan Doe")
    look_for(page, "nobody@example.com")
    expect(page.get_by_text("Nobody is known by that.")).to_be_visible()
    assert barriers(page, "found-nobody") == []
