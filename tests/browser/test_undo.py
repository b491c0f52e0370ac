"""In a real browser: what was just clicked goes back by one key, and what was typed in between is still there to be read."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from leads.clock import now
from leads.db import transaction
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from tests.browser.conftest import barriers
from tests.browser.test_console import Visit, at_work
from tests.browser.test_lead import lead_page, number
from tests.browser.test_visits import advance

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance", "number"]


def log_a_call(page: Page) -> None:
    page.locator("#call-note").fill("She is at work until six.")
    page.locator(".own-todo summary").click()
    page.locator("#todo-what").fill("Look up her insurance.")
    page.get_by_role("button", name="1 Reached").click()


def write_a_note(page: Page) -> None:
    page.get_by_label("Note for colleagues").fill("For somebody else.")
    page.get_by_role("button", name="Write", exact=True).click()


def assign(page: Page) -> None:
    page.keyboard.press("a")
    page.get_by_role("button", name="Assign", exact=True).click()


def pause(page: Page) -> None:
    page.keyboard.press("p")
    page.locator("#until").fill((now() + timedelta(days=5)).date().isoformat())
    page.get_by_role("button", name="Pause", exact=True).click()


def skip_a_mail(page: Page) -> None:
    page.locator("a.mark.of-mail").first.click()
    page.get_by_role("button", name="Skip this one").click()


def stop_a_sequence(page: Page) -> None:
    page.locator("a.mark.of-mail").last.click()
    page.get_by_role("button", name="Stop the whole sequence").click()


def send_a_mail(page: Page) -> None:
    page.locator("a.mark.of-mail").first.click()
    page.get_by_role("button", name="Send it now").click()


def as_it_was(number: str) -> tuple[object, ...]:
    """What the database says of the lead."""
    with transaction() as session:
        lead: Lead = by_number(session, number)
        return lead.stage, lead.reached_at, lead.assigned_to, lead.closed_at


@pytest.mark.parametrize("act", [log_a_call, write_a_note, assign, pause, skip_a_mail, stop_a_sequence, send_a_mail])
def test_one_key_takes_it_back(visit: Visit, number: str, act: Callable[[Page], None]) -> None:
    before = as_it_was(number)
    page = at_work(visit, lead_page(number))
    act(page)
    expect(page.locator(".toast").get_by_role("button", name="Undo")).to_be_visible()
    # The keys are heard once the script has run, and with it what the address said is gone.
    page.wait_for_url(lambda address: "said=" not in address)
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Taken back.")
    assert as_it_was(number) == before


def test_the_page_with_its_toast_has_no_barrier(visit: Visit, number: str) -> None:
    page = at_work(visit, lead_page(number))
    log_a_call(page)
    expect(page.locator("#timeline")).to_contain_text("She is at work until six.")
    assert not barriers(page, "lead-with-toast")
