"""Safety in a real browser: the number that rings, one button, on a desk and on a phone; help in place of thanks in both languages."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.clock import frozen, now
from leads.db import transaction
from leads.safety.disclose import disclose
from leads.safety.oncall import roster
from leads.safety.page import due, escalate
from leads.safety.try_contact import try_contact
from tests.accounts.cast import PASSWORD
from tests.browser.conftest import PHONE, violations
from tests.cast import make_lead
from tests.safety.cast import answer_test, make_roster, put_on_call

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
SHOTS = Path(os.environ["HANDOFF_SHOTS"]) if "HANDOFF_SHOTS" in os.environ else None


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.fixture
def rings(database: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The number of somebody who disclosed twenty minutes ago; Alba slept, and Boris was paged."""
    put_on_call(monkeypatch, "alba@example.com", "boris@example.com", "chloe@example.com", staffed=True)
    with frozen(now() - timedelta(minutes=20)) as advance:
        with transaction() as session:
            people = make_roster(session)
            for each in people[:2]:
                answer_test(session, each)
            lead = make_lead(session)
            disclose(session, lead.person_id, lead.id, source="inquiry")
        advance(timedelta(minutes=15))
        with transaction() as session:
            for alarm_id in due(session):
                escalate(session, alarm_id)
    return lead.number


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "color_scheme": "dark"}], ids=["desk", "phone-dark"])
def test_from_the_mails_link_to_the_lead_in_two_steps(
    rings: str, visit: Visit, options: dict[str, object], request: pytest.FixtureRequest
) -> None:
    page = visit("/console/safety", **options)
    sign_in(page, "boris@example.com")
    expect(page.get_by_role("heading", name="Nobody has it yet 1")).to_be_visible()
    shoot(page, f"safety-{request.node.callspec.id}")
    assert violations(page) == []
    page.get_by_role("button", name=f"I have {rings}").click()
    expect(page.get_by_role("heading", name="Safety hold")).to_be_visible()
    shoot(page, f"hold-{request.node.callspec.id}")
    assert violations(page) == []
    page.goto("/console/safety")
    expect(page.get_by_text("Boris Hale has it since")).to_be_visible()


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "color_scheme": "dark"}], ids=["desk", "phone-dark"])
def test_who_did_not_answer_a_test_is_a_supervisors_to_call(
    rings: str, visit: Visit, options: dict[str, object], request: pytest.FixtureRequest
) -> None:
    with frozen(now() - timedelta(hours=2)), transaction() as session:
        chloe = next(each for each in roster(session).everybody if each.email == "chloe@example.com")
        assert chloe.account_id
        try_contact(session, chloe.account_id)
    page = visit("/console/safety", **options)
    sign_in(page, "chloe@example.com")
    expect(page.get_by_role("heading", name="To do for a supervisor: call Chloe Dunn")).to_be_visible()
    shoot(page, f"silent-{request.node.callspec.id}")
    assert violations(page) == []


@pytest.mark.parametrize(("language", "call"), [("en", "Call 988"), ("es", "Llamar al 988")])
def test_help_stands_in_place_of_thanks_in_both_languages(visit: Visit, language: str, call: str) -> None:
    page = visit(f"/crisis?language={language}&kept=yes", viewport=PHONE)
    expect(page.get_by_role("main").get_by_role("link", name=call)).to_be_visible()
    shoot(page, f"crisis-{language}")
    assert violations(page) == []
