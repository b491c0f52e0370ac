"""A coordinator's day in a real browser: sign in, open a lead, move it, write a note; by mouse, by keyboard, on a phone, in the dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from leads.accounts.sessions import open_session
from leads.accounts.staff import find_account
from leads.clock import frozen, now
from leads.db import transaction
from leads.inquiries.receive import Arrival, quarantine, receive
from leads.pipeline.confirm import confirm_address
from leads.pipeline.contact import log_call
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from tests.accounts.cast import PASSWORD, make_account
from tests.cast import raw_submission, submission

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
PEOPLE = (
    ("Ana", "Rivera", "woodbury", "I have tried three medications over four years. What would the first visit look like?"),
    ("Noah", "Okafor", "new-haven", "Some days I think everyone would be better off without me."),
    ("Priya", "Shah", "new-haven", None),
    ("Luis", "Castillo", "woodbury", "¿Hay alguien que hable español?"),
    ("Grace", "Kim", "none", "Do you take my insurance?"),
    ("Theo", "Novak", "new-haven", None),
)


def arrive(given: str, family: str, office: str, message: str | None, *, hours_ago: float) -> str:
    """Somebody writes to us."""
    phone = "203-555-01" + f"{len(given) * 7 + len(family):02d}"
    asked = submission(
        given_name=given,
        family_name=family,
        email=f"{given.lower()}@example.com",
        phone=phone,
        birth_date=None,
        office=office,
        message=message,
    )
    with frozen(now() - timedelta(hours=hours_ago)), transaction() as session:
        return receive(session, asked, Arrival("page")).number


@pytest.fixture
def numbers(site: str) -> list[str]:
    """A morning's leads: one late, one in danger, two spoken with, two fresh; and something in quarantine."""
    made = [arrive(*person, hours_ago=hours) for person, hours in zip(PEOPLE, (100, 2, 30, 120, 1, 0.2), strict=True)]
    with transaction() as session:
        casey = make_account(session, "coordinator", "clinician")
        spoken, confirmed = by_number(session, made[2]), by_number(session, made[3])
        log_call(session, spoken.id, result="reached", note="Wants to think about it.", actor=f"account:{casey.id}")
        log_call(session, confirmed.id, result="left-message", actor=f"account:{casey.id}")
        confirm_address(session, by_number(session, made[0]).id, method="button", actor="system")
        quarantine(session, raw_submission(given_name="Mina", message="Please call me."), channel="page", why="too-fast")
    return made


def sign_in(visit: Visit, path: str = "/console", *, email: str = "casey@example.com", **options: object) -> Page:
    """Casey, or whoever has another address, comes in through the door and is led to `path`."""
    page = visit(path, **options)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{path}")
    return page


def at_work(visit: Visit, path: str = "/console", email: str = "casey@example.com", **options: object) -> Page:
    """Somebody, Casey where nobody is named, is in already and opens `path`."""
    with transaction() as session:
        secret = open_session(session, find_account(session, email), method="password")
    cookie = {"name": "handoff_staff", "value": secret, "domain": "127.0.0.1", "path": "/console", "httpOnly": True, "sameSite": "Lax"}
    return visit(path, storage_state={"cookies": [cookie | {"expires": -1, "secure": False}], "origins": []}, **options)


def stage_of(number: str) -> str:
    """What the database says."""
    with transaction() as session:
        lead: Lead = by_number(session, number)
        return lead.stage


def test_a_lead_is_opened_moved_and_written_about(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit)
    page.get_by_role("link", name="Grace Kim").click()
    page.get_by_role("button", name="Start screening").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Screening")
    page.get_by_label("Note for colleagues").fill("Asked about parking.")
    page.get_by_role("button", name="Write").click()
    expect(page.locator("#timeline")).to_contain_text("Asked about parking.")
    assert stage_of(numbers[4]) == "screening"


def test_the_day_can_be_worked_by_keyboard_without_javascript(visit: Visit, numbers: list[str]) -> None:
    page = sign_in(visit, java_script_enabled=False)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Grace Kim").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Left a message").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("Call: left a message")
