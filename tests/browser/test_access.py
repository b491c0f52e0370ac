"""What only a browser can show: a passkey made and used, and a page that locks itself and keeps what was typed."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr
from sqlalchemy import select, update

from config.settings import settings
from leads.accounts.factor_models import Passkey
from leads.accounts.models import Account, StaffSession
from leads.clock import real_now
from leads.db import transaction
from tests.accounts.cast import PASSWORD, make_account
from tests.accounts.oidc_provider import CLIENT, SECRET, running
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.cast import make_lead

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
SHOTS = Path(os.environ["HANDOFF_SHOTS"]) if "HANDOFF_SHOTS" in os.environ else None
ALL = ("coordinator", "clinician", "supervisor", "reviewer", "administrator", "auditor")


@pytest.fixture
def here(site: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The site under a name that passkeys can belong to: no address of numbers can."""
    named = site.replace("127.0.0.1", "localhost")
    monkeypatch.setattr(settings(), "handoff_public_url", named)
    return named


@pytest.fixture
def number(site: str) -> str:
    """Ana's lead, and Casey who may do everything."""
    with transaction() as session:
        make_account(session, *ALL)
        return make_lead(session).number


def come_in(page: Page) -> None:
    """Casey signs in by password; argon2 takes its time on a busy machine."""
    page.set_default_timeout(90_000)
    page.get_by_label("E-mail address").fill("casey@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console")


def plug_in_a_key(page: Page) -> None:
    """A device with a passkey store and a finger on its reader."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options | {"automaticPresenceSimulation": True}})


def make_a_passkey(page: Page, here: str) -> None:
    """On one's own page, with the password."""
    page.goto(f"{here}/console/account")
    page.get_by_text("Make a passkey", exact=True).first.click()
    form = page.locator("form[data-passkey='/console/passkeys']")
    form.get_by_label("Name it").fill("Office laptop")
    form.get_by_label("Your current password").fill(PASSWORD)
    form.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_label("Name of the passkey")).to_have_value("Office laptop")


def leave_alone() -> None:
    """A quarter of an hour goes by on the server."""
    with transaction() as session:
        session.execute(update(StaffSession).values(seen_at=real_now() - timedelta(minutes=16)))


def test_a_passkey_is_made_signs_in_as_both_factors_and_unlocks(visit: Visit, here: str, number: str) -> None:
    page = visit(f"{here}/console/sign-in")
    plug_in_a_key(page)
    come_in(page)
    make_a_passkey(page, here)

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/console")
    with transaction() as session:
        opened = session.scalars(select(StaffSession).order_by(StaffSession.id.desc())).first()
        assert opened
        assert (opened.method, opened.second_factor_at is not None) == ("passkey", True)
        assert session.scalars(select(Passkey.used_at)).one() is not None

    leave_alone()
    page.goto(f"{here}/console/leads/{number}")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"**/console/leads/{number}")


def test_a_passkey_gives_back_what_was_typed_into_a_lock(visit: Visit, here: str, number: str) -> None:
    page = visit(f"{here}/console/sign-in")
    plug_in_a_key(page)
    come_in(page)
    make_a_passkey(page, here)
    page.goto(f"{here}/console/leads/{number}")
    page.get_by_label("Note for colleagues").fill("She prefers mornings.")
    leave_alone()
    page.locator("form[action$='/note']").evaluate("form => form.submit()")
    expect(page.get_by_role("link", name="Sign in another way in a new tab")).to_be_visible()
    assert violations(page) == []
    shoot(page, "locked-typed")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Here is what you typed")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("She prefers mornings.")


def test_after_the_password_the_passkey_is_the_second_step(visit: Visit, here: str, number: str) -> None:
    page = visit(f"{here}/console/sign-in")
    plug_in_a_key(page)
    come_in(page)
    page.goto(f"{here}/console/second-factor/set-up")
    with transaction() as session:
        session.execute(update(Account).values(password_hash=None))
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/console")
    with transaction() as session:
        session.execute(update(StaffSession).values(second_factor_at=None))
    page.goto(f"{here}/console")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/console")


def test_an_open_page_locks_by_itself_and_keeps_what_was_typed(visit: Visit, site: str, number: str) -> None:
    page = visit("/console/sign-in")
    come_in(page)
    page.clock.install()
    page.goto(f"/console/leads/{number}")
    page.get_by_label("Note for colleagues").fill("She prefers mornings.")
    leave_alone()
    page.clock.run_for(15 * 60 * 1000 + 2000)
    lock = page.get_by_role("dialog", name="Locked")
    expect(lock).to_be_visible()
    expect(page.get_by_role("heading", name="Ana Rivera")).not_to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(lock).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert violations(page) == []
    shoot(page, "lock")

    lock.get_by_label("Password").fill("not the password")
    lock.get_by_role("button", name="Go on").click()
    expect(lock.get_by_role("alert")).to_contain_text("do not belong together")
    lock.get_by_label("Password").fill(PASSWORD)
    lock.get_by_role("button", name="Go on").click()
    expect(lock).not_to_be_visible()
    expect(page.get_by_label("Note for colleagues")).to_have_value("She prefers mornings.")
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_text("She prefers mornings.").first).to_be_visible()


def test_the_clinics_own_provider_lets_in_and_opens_a_locked_page_again(
    visit: Visit, here: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as provider:
        monkeypatch.setattr(settings(), "handoff_oidc_issuer", provider.issuer)
        monkeypatch.setattr(settings(), "handoff_oidc_client_id", CLIENT)
        monkeypatch.setattr(settings(), "handoff_oidc_client_secret", SecretStr(SECRET))
        page = visit(f"{here}/console/sign-in")
        page.get_by_role("button", name="Sign in with your clinic's account").click()
        page.wait_for_url("**/console")
        leave_alone()
        page.goto(f"{here}/console/leads/{number}")
        page.get_by_role("link", name="Sign in another way").first.click()
        page.get_by_role("button", name="Sign in with your clinic's account").click()
        page.wait_for_url(f"**/console/leads/{number}")
        with transaction() as session:
            assert session.scalars(select(StaffSession.method)).all() == ["oidc"]


def shoot(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for them."""
    if SHOTS is None:
        return
    for viewport, size in ((DESKTOP, "desktop"), (PHONE, "phone")):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=SHOTS / f"{name}-{size}-{scheme}.png", full_page=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
