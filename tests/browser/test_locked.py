"""Locked or signed out in the middle of a word: a passkey opens the page where it is, and another way in leads back to what was typed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from pydantic import SecretStr
from sqlalchemy import delete

from config.settings import settings
from leads.accounts.models import StaffSession
from leads.db import transaction
from tests.accounts.oidc_provider import CLIENT, SECRET, Provider, running
from tests.browser.conftest import barriers, choose
from tests.browser.test_access import come_in, here, leave_alone, make_a_passkey, number, plug_in_a_key
from tests.browser.test_console import Visit

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["here", "number"]
WORDS = "She prefers mornings."


@pytest.fixture
def provider(here: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The clinic's own way to sign in."""
    with running() as made:
        monkeypatch.setattr(settings(), "handoff_oidc_issuer", made.issuer)
        monkeypatch.setattr(settings(), "handoff_oidc_client_id", CLIENT)
        monkeypatch.setattr(settings(), "handoff_oidc_client_secret", SecretStr(SECRET))
        yield made


def note_of(page: Page) -> str:
    """What stands in the note nobody has sent yet."""
    return page.get_by_label("Note for colleagues").input_value()


def test_a_passkey_opens_the_lock_over_the_page_itself(visit: Visit, here: str, number: str) -> None:
    page = visit(f"{here}/console/sign-in")
    plug_in_a_key(page)
    come_in(page)
    make_a_passkey(page, here)
    page.clock.install()
    page.goto(f"{here}/console/leads/{number}")
    page.get_by_label("Note for colleagues").fill(WORDS)
    leave_alone()
    page.clock.run_for(15 * 60 * 1000 + 2000)
    lock = page.get_by_role("dialog", name="Locked")
    expect(lock.get_by_role("button", name="Use a passkey")).to_be_visible()
    assert barriers(page, "lock-with-passkey") == []
    lock.get_by_role("button", name="Use a passkey").click()
    expect(lock).not_to_be_visible()
    assert note_of(page) == WORDS
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text(WORDS)


def hold_up(route: Route) -> None:
    """The page that leads on to the provider, without its leading on by itself: to be looked at."""
    answer = route.fetch()
    route.fulfill(response=answer, headers={name: value for name, value in answer.headers.items() if name != "refresh"})


def sign_in_elsewhere(page: Page, link: str) -> None:
    """In another tab, by the clinic's own way; its page before the last is looked at."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name=link).click()
    other = opened.value
    other.route("**/console/oidc/go", hold_up)
    other.get_by_role("button", name="Sign in with your clinic's account").click()
    expect(other.get_by_role("heading", name="On to")).to_be_visible()
    assert barriers(other, "oidc-go") == []
    other.get_by_role("link", name="Go on").click()
    expect(other.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    other.close()


def test_the_clinics_own_way_in_leads_back_to_the_words_that_were_typed(visit: Visit, here: str, number: str, provider: Provider) -> None:
    page = visit(f"{here}/console/sign-in")
    come_in(page)
    page.clock.install()
    page.goto(f"{here}/console/leads/{number}")
    note = page.get_by_label("Note for colleagues")
    note.fill(WORDS)
    leave_alone()
    page.clock.run_for(15 * 60 * 1000 + 2000)
    expect(page.get_by_role("dialog", name="Locked")).to_be_visible()
    sign_in_elsewhere(page, "Sign in another way, then come back here")
    # Without a screen no tab is ever hidden: this is what a browser tells a page that is looked at again.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("dialog", name="Locked")).not_to_be_visible()
    expect(note).to_have_value(WORDS)

    leave_alone()
    choose(page, "Write")
    sign_in_elsewhere(page, "Sign in another way in a new tab")
    choose(page, "Go on: I have signed in there")
    expect(page.get_by_label("Text")).to_have_value(WORDS)
    choose(page, "Send it now")
    expect(page.locator("#timeline")).to_contain_text(WORDS)

    page.get_by_label("Note for colleagues").fill("And Tuesdays.")
    with transaction() as session:
        session.execute(delete(StaffSession))
    choose(page, "Write")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    sign_in_elsewhere(page, "Sign in again in a new tab")
    expect(page.get_by_label("What you typed")).to_have_value("And Tuesdays.")
    assert barriers(page, "signed-out") == []
