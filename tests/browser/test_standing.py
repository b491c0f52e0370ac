"""Where a lead stands, said in a real browser: found by phone and referrer, put on the waitlist, agreed aloud, never contacted again."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.clock import now
from leads.consent.ledger import granted
from leads.db import transaction
from leads.messages.models import Message
from leads.pipeline.find import by_number
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, choose, unfold
from tests.browser.test_console import Visit, at_work, stage_of
from tests.browser.test_lead import lead_page
from tests.cast import make_confirmed_person, make_lead, make_person
from tests.loop.cast import make_referral

pytestmark = [pytest.mark.browser, pytest.mark.committed]
FIND = "Find by name, number, e-mail, phone or referrer"


@pytest.fixture
def number(site: str) -> str:
    """Ana, with whom somebody spoke; Jordan, whom Ana Rivera of Elm Family Medicine referred; Casey, who may take things back."""
    with transaction() as session:
        make_account(session, "coordinator", "supervisor")
        jordan = make_person(session, given_name="Jordan", family_name="Doe", email="jordan@example.com", phone="+12035550177")
        make_referral(session, lead=make_lead(session, jordan, source="referral"))
        return make_lead(session, make_confirmed_person(session), stage="contacted", reached_at=now()).number


def find(page: Page, asked: str) -> None:
    page.get_by_role("searchbox", name=FIND).fill(asked)
    page.keyboard.press("Enter")


def test_whoever_calls_is_found_by_their_number_and_by_who_referred_them(visit: Visit, number: str) -> None:
    page = at_work(visit)
    find(page, "(203) 555-0123")
    page.wait_for_url(f"**{lead_page(number)}")
    find(page, "Elm Family")
    expect(page.get_by_role("heading", name="Referred by who is called so")).to_be_visible()
    expect(page.get_by_role("heading", name="1 lead found")).to_be_visible()
    assert "Elm" not in page.url
    assert barriers(page, "found-by-referrer") == []
    page.get_by_role("link", name="Jordan Doe").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jordan Doe")
    find(page, "1234567893")
    expect(page.get_by_role("link", name="Jordan Doe")).to_be_visible()
    find(page, "nobody at all")
    expect(page.get_by_text("Nobody is known by that.")).to_be_visible()
    assert barriers(page, "found-nobody") == []


def test_who_waits_for_a_place_stands_on_the_waitlist_until_there_is_one(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    unfold(page, "Put on the waitlist")
    day = page.get_by_label("Look again for a place on")
    day.fill(str((now() - timedelta(days=2)).date()))
    choose(page, "Wait")
    expect(page.get_by_role("alert")).to_be_visible()
    day.fill(str((now() + timedelta(days=30)).date()))
    choose(page, "Wait")
    expect(page.get_by_text("waits for a place")).to_be_visible()
    page.goto("/console?need=waitlist")
    page.get_by_role("link", name="Ana Rivera").click()
    choose(page, "There is a place: take them off the waitlist")
    expect(page.get_by_text("waits for a place")).to_have_count(0)


def test_what_somebody_agrees_to_aloud_is_written_down_with_who_said_so(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    unfold(page, "What they agree to")
    page.locator("[name=education]").uncheck()
    page.get_by_label("Who said so, and when?").fill("Ana, on the phone today")
    choose(page, "Write it down")
    with transaction() as session:
        assert granted(session, by_number(session, number).person_id) == {"contact", "unencrypted_email"}
    page.get_by_role("link", name="consents").click()
    expect(page.get_by_role("row").filter(has_text="Ana, on the phone today").first).to_contain_text("Casey Lind")


@pytest.mark.parametrize(
    ("why", "heading", "words"),
    [
        ("They have died", "Ana has died.", "Please do not call this number to ask for them."),
        ("They ask never to be contacted again", "Never contact", "If they come to us, help them as anybody else."),
    ],
    ids=["deceased", "never-contact"],
)
def test_who_is_never_to_be_contacted_hears_nothing_until_a_supervisor_takes_it_back(
    visit: Visit, number: str, why: str, heading: str, words: str
) -> None:
    page = at_work(visit, lead_page(number))
    unfold(page, "Has died, or never to be contacted")
    page.get_by_label(why).check()
    page.get_by_label("Who told us, and when?").fill("On the phone today")
    choose(page, "Stop everything")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_role("region", name=heading)).to_contain_text(words)
    assert stage_of(number) == "closed"
    with transaction() as session:
        planned = select(Message).where(Message.lead_id == by_number(session, number).id, Message.state == "planned")
        assert session.scalars(planned).all() == []
    assert barriers(page, heading.strip(".").replace(" ", "-").lower()) == []
    unfold(page, "This was a mistake")
    page.get_by_label("How do you know?").fill("It was another Ana.")
    choose(page, "They may be contacted again")
    expect(page.get_by_role("heading", name=heading)).to_have_count(0)
