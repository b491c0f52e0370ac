"""A person's own choices, on a phone without JavaScript, and before axe in the dark."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from leads.consent.ledger import suppressed_topics
from leads.db import transaction
from leads.people.models import Person
from leads.security.tokens import Grant, issue
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.cast import make_confirmed_person

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
SHOTS = Path(os.environ["HANDOFF_SHOTS"]) if "HANDOFF_SHOTS" in os.environ else None


@pytest.fixture
def own_page(site: str) -> str:
    """Where Ana's own choices are."""
    with transaction() as session:
        person = make_confirmed_person(session)
        return f"/p/{issue(session, person.id, Grant('preferences', person.id))}"


def stopped() -> set[str | None]:
    with transaction() as session:
        return suppressed_topics(session, session.query(Person.id).scalar())


def keep(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=SHOTS / f"choosing-{name}.png", full_page=True)


def test_on_a_phone_without_javascript_a_save_is_told_and_undone(visit: Visit, own_page: str) -> None:
    page = visit(own_page, viewport=PHONE, java_script_enabled=False, has_touch=True)
    page.get_by_role("checkbox", name="Mails about your visits").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert stopped() == {"visits"}
    keep(page, "phone-light")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone.")
    expect(page.get_by_role("checkbox", name="Mails about your visits")).to_be_checked()
    assert stopped() == set()


@pytest.mark.parametrize("look", [(PHONE, "es"), (DESKTOP, "en")], ids=["phone", "desktop"])
def test_saved_and_refused_it_has_no_barrier_in_the_dark(visit: Visit, own_page: str, look: tuple[dict[str, int], str]) -> None:
    page = visit(f"{own_page}?language={look[1]}", viewport=look[0], color_scheme="dark")
    page.locator("[name=discreet]").check()
    page.locator("[name=pause_until]").fill("2020-01-01")
    page.get_by_role("button", name="Guardar" if look[1] == "es" else "Save").click()
    assert violations(page) == []
    page.locator("[name=pause_until]").fill("")
    page.get_by_role("button", name="Guardar" if look[1] == "es" else "Save").click()
    keep(page, f"dark-{look[0]['width']}")
    assert violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
