"""A clinician's way in a real browser: from the mail about a referral to its page, and through the portal; at each size, in the dark."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.clock import frozen, now
from leads.db import transaction
from leads.http.referrer import COOKIE, COOKIE_PATH
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES
from leads.providers.models import Practice, Provider
from leads.providers.sign_in import Referrer, open_session
from leads.referrals.ask import ask
from leads.referrals.attach import attach
from leads.referrals.find import by_number
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.cast import ACTOR
from tests.conftest import Mailbox
from tests.loop.cast import bring_to
from tests.referrals.cast import granting, make_referral, of_patient

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
SHOTS = Path(os.environ["HANDOFF_SHOTS"]) if "HANDOFF_SHOTS" in os.environ else None
ADDRESS = "rivera@riverside.test"
PEOPLE = (
    ("Jordan", "Doe", "needs_information"),
    ("Noah", "Okafor", "booked"),
    ("Priya", "Shah", "missed"),
    ("Luis", "Castillo", "accepted"),
    ("Grace", "Kim", "declined"),
    ("Theo", "Novak", "closed"),
)


def bring(given: str, family: str, state: str, *, days_ago: int) -> str:
    """A referral of the same practice, where somebody's story has got."""
    who = of_patient(given_name=given, family_name=family, email=f"{given.lower()}@example.com", phone=f"203-555-01{days_ago + 20}")
    with transaction() as session:
        with frozen(now() - timedelta(days=days_ago)):
            referral = make_referral(session, patient=who)
        with frozen(now() - timedelta(hours=20)):
            bring_to(session, referral, "accepted" if state == "needs_information" else state)
        if state == "needs_information":
            ask(
                session,
                referral,
                ["The last medication list", "A number on which the patient answers"],
                note="By fax is fine.",
                actor=ACTOR,
            )
            attach(session, referral, "referral letter.pdf", b"%PDF-1.7" + b"x" * 300_000, actor=ACTOR)
        return referral.number


@pytest.fixture
def numbers(site: str, mailbox: Mailbox) -> list[str]:
    """Six referrals of one practice, and one whose sender may hear nothing; no mail of theirs is left to be sent."""
    made = [bring(*person, days_ago=9 - place) for place, person in enumerate(PEOPLE)]
    with frozen(now() - timedelta(days=3)), transaction() as session:
        silent = granting("contact") | {"given_name": "Mina", "family_name": "Haddad", "email": "mina@example.com", "phone": "203-555-0177"}
        made.append(make_referral(session, patient=silent).number)
    return made


def mailed(mailbox: Mailbox, path: str) -> str:
    """The newest link under a path that the engine has mailed by now."""
    carrier = SmtpCarrier(mailbox.url, helo="x.test")
    try:
        drain(LANES, carrier=carrier)
    finally:
        carrier.close()
    found = [link for mail in mailbox.messages for link in re.findall(rf"https?://[^/\s]+({path}/[\w-]+)", mail.text)]
    return found[-1]


def come_in(page: Page, number: str) -> Page:
    """Sign in without the mail, which one test goes for."""
    with transaction() as session:
        referral = by_number(session, number)
        practice, clinician = session.get_one(Practice, referral.practice_id), session.get_one(Provider, referral.provider_id)
        secret = open_session(session, Referrer(clinician, practice))
    page.context.add_cookies([{"name": COOKIE, "value": secret, "domain": "127.0.0.1", "path": COOKIE_PATH}])
    return page


def test_from_the_door_by_mail_to_an_answer(visit: Visit, numbers: list[str], mailbox: Mailbox) -> None:
    page = visit("/portal", java_script_enabled=False)
    page.get_by_label("Your e-mail address").fill(ADDRESS)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mailbox")
    link = mailed(mailbox, "/portal/enter")
    page.goto(link)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Jordan Doe").click()
    expect(page.get_by_role("list").filter(has_text="The last medication list").first).to_be_visible()
    page.get_by_label("Your answer").fill("Sertraline 200 mg; mornings on 203-555-0188.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link was used")


def test_the_link_of_a_mail_shows_more_to_who_knows_the_patient(visit: Visit, numbers: list[str], mailbox: Mailbox) -> None:
    page = visit(mailed(mailbox, "/r"), viewport=PHONE, java_script_enabled=False)
    assert not any(name in page.content() for name in ("Doe", "Okafor", "Shah", "Castillo", "Kim", "Novak"))
    page.get_by_label("Birth date").fill("1985-07-21")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("link", name="Sign in to")).to_be_visible()
    assert any(f"{given} {family}" in page.content() for given, family, _ in PEOPLE)


def test_the_portal_is_worked_by_keyboard(visit: Visit, numbers: list[str]) -> None:
    page = come_in(visit("/portal", java_script_enabled=False), numbers[0])
    page.goto("/portal")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.get_by_label("Find by number").fill("castillo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Luis Castillo")
    page.get_by_text("Withdraw this referral").press("Enter")
    page.get_by_label("Why").fill("They have moved away.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("A person confirms it")


@pytest.mark.parametrize("look", [(DESKTOP, "light"), (PHONE, "dark")])
def test_no_page_has_a_barrier_or_scrolls_sideways(
    visit: Visit, numbers: list[str], mailbox: Mailbox, look: tuple[dict[str, int], str]
) -> None:
    status, enter = mailed(mailbox, "/r"), "/portal/enter/nothing"
    page = visit("/portal", viewport=look[0], color_scheme=look[1])
    found = {"door": _wrong(page, "door", look)}
    outside = {"status": status, "link-gone": enter}
    pages = {f"referral-{place}": f"/portal/referrals/{number}" for place, number in enumerate(numbers)}
    lists = {
        "home": "/portal",
        "all": "/portal?list=all",
        "empty": "/portal?list=owed&before=R-000001",
        "preferences": "/portal/preferences",
    }
    for name, path in (outside | lists | pages | {"missing": "/portal/referrals/R-999999"}).items():
        if name == "home":
            come_in(page, numbers[0])
        page.goto(path)
        found[name] = _wrong(page, name, look)
    page.goto(status)
    page.get_by_label("Birth date").fill("1985-07-21")
    page.get_by_role("button", name="Show it").click()
    found["shown"] = _wrong(page, "shown", look)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _wrong(page: Page, name: str, look: tuple[dict[str, int], str]) -> list[str]:
    if SHOTS:
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / f"portal-{name}-{look[0]['width']}-{look[1]}.png", full_page=True)
    return violations(page) + ["scrolls sideways"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")
