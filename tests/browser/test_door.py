"""The door in a real browser: invited, a second step set up, in by code and recovery code; sessions listed, ended, locked; guesses."""

import re
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from config.settings import settings
from leads.accounts.models import Attempt
from leads.accounts.staff import find_account
from leads.clock import real_now
from leads.db import transaction
from tests.accounts.cast import PASSWORD, make_account
from tests.accounts.proofs import give_app
from tests.browser.conftest import barriers, choose, unfold
from tests.browser.test_access import leave_alone
from tests.browser.test_console import Visit, sign_in
from tests.browser.test_visits import deliver
from tests.cast import make_lead
from tests.conftest import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.committed]


@pytest.fixture
def colleagues(site: str) -> None:
    """Ada, who manages accounts, and Casey, who takes in leads."""
    with transaction() as session:
        make_account(session, "administrator", email="ada@example.com", name="Ada Ko")
        make_account(session)


def code(secret: str, *, steps: int = 0) -> str:
    """What the app on the phone shows, so many half minutes from now."""
    return pyotp.TOTP(secret).generate_otp(int(real_now().timestamp()) // 30 + steps)


def with_password(page: Page, email: str) -> None:
    """Type address and password, and come to the second step."""
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    choose(page, "Sign in")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()


def guess(page: Page, password: str) -> None:
    """Type Casey's address and a password."""
    page.get_by_label("E-mail address").fill("casey@example.com")
    page.get_by_label("Password").fill(password)
    choose(page, "Sign in")


def a_quarter_of_an_hour_passes() -> None:
    """What was tried was tried so long ago."""
    with transaction() as session:
        session.execute(update(Attempt).values(at=Attempt.at - timedelta(minutes=15)))


def with_code(page: Page, typed: str) -> None:
    page.get_by_label("The code your authenticator app shows").fill(typed)
    choose(page, "Go on")


def invite_robin(visit: Visit, mailbox: Mailbox) -> str:
    """Ada invites Robin; returns the path in the mail that Robin gets."""
    ada = sign_in(visit, "/console/colleagues", email="ada@example.com")
    unfold(ada, "Invite a colleague")
    ada.get_by_label("E-mail address").fill("robin@example.com")
    ada.get_by_label("Name colleagues see").fill("Robin Vale")
    ada.locator("#new-coordinator").check()
    choose(ada, "Send the invitation")
    expect(ada.get_by_role("status").filter(has_text="The invitation is on its way.")).to_be_visible()
    mail = deliver(mailbox)
    assert "robin@example.com" in mail.to
    found = re.search(r"/console/invited/[\w-]+", mail.text)
    assert found
    return found[0]


def set_up(page: Page) -> tuple[str, list[str]]:
    """Set up an app by the secret that is shown, and keep the codes; returns both."""
    choose(page, "Set up an app")
    unfold(page, "It cannot be scanned")
    secret = str(page.locator(".secret").text_content()).replace(" ", "")
    page.get_by_label("Type the six digits it shows now").fill(code(secret, steps=-1))
    choose(page, "Use this app")
    codes = page.get_by_role("listitem").get_by_role("code").all_text_contents()
    assert barriers(page, "recovery-codes") == []
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/console")
    return secret, codes


def test_from_the_invitation_to_the_day_the_phone_is_lost(
    visit: Visit, colleagues: None, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(invite_robin(visit, mailbox))
    # In production nobody comes in without a second step.
    monkeypatch.setattr(settings(), "handoff_mode", "production")
    page.get_by_label("Password, at least 12 characters").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    choose(page, "Go on")
    page.wait_for_url("**/second-factor/set-up**")
    secret, codes = set_up(page)
    assert len(codes) == 10

    choose(page, "Sign out")
    page.goto("/console")
    with_password(page, "robin@example.com")
    with_code(page, "000000")
    expect(page.get_by_role("alert").first).to_be_visible()
    with_code(page, code(secret))
    page.wait_for_url("**/console")

    for recovery, is_good in ((codes[0], True), (codes[0], False), (codes[1], True)):
        page.goto("/console/account")
        if page.get_by_role("button", name="Sign out").is_visible():
            choose(page, "Sign out")
        page.goto("/console/account")
        with_password(page, "robin@example.com")
        with_code(page, recovery)
        assert page.get_by_role("heading", name="Robin Vale").is_visible() is is_good
    expect(page.get_by_text("8 of ten recovery codes are left")).to_be_visible()


def test_a_session_somewhere_else_is_seen_and_ended(visit: Visit, colleagues: None) -> None:
    here, there = (
        sign_in(visit, "/console/account"),
        sign_in(visit, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0"),
    )
    here.reload()
    sessions = here.get_by_role("region", name="Where you are signed in")
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    expect(sessions).to_contain_text("Firefox")
    sessions.get_by_role("button", name=re.compile("End the session of.*Firefox")).click()
    expect(here.get_by_role("status").filter(has_text="That session has ended: whoever had it signs in again.")).to_be_visible()
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    there.goto("/console/board")
    expect(there.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    here.reload()
    expect(here.get_by_role("heading", name="Casey Lind")).to_be_visible()


def test_what_was_sent_into_a_locked_console_comes_back_and_is_sent(visit: Visit, colleagues: None) -> None:
    with transaction() as session:
        number = make_lead(session).number
    page = sign_in(visit, f"/console/leads/{number}")
    page.get_by_label("Note for colleagues").fill("She prefers mornings.")
    leave_alone()
    choose(page, "Write")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert barriers(page, "locked-with-words") == []
    page.get_by_label("Password of Casey Lind").fill(PASSWORD)
    choose(page, "Go on")
    expect(page.get_by_role("textbox", name="Text")).to_have_value("She prefers mornings.")
    assert barriers(page, "unlocked-with-words") == []
    choose(page, "Send it now")
    expect(page.locator("#timeline")).to_contain_text("She prefers mornings.")


def test_whoever_guesses_passwords_waits_a_quarter_of_an_hour(visit: Visit, colleagues: None) -> None:
    page = visit("/console")
    for _ in range(5):
        guess(page, "not the password")
        expect(page.get_by_role("alert")).to_have_text(
            "This e-mail address and password do not belong together. Check both, then try again."
        )
    # Even the right one: whoever guesses is not told that they have guessed it.
    guess(page, PASSWORD)
    expect(page.get_by_role("alert")).to_have_text(
        "That was too often. Please wait a quarter of an hour, then try again; a supervisor can set a new password."
    )
    expect(page.get_by_label("E-mail address")).to_have_value("casey@example.com")
    assert barriers(page, "sign-in-too-often") == []
    a_quarter_of_an_hour_passes()
    guess(page, PASSWORD)
    page.wait_for_url("**/console")


def test_whoever_guesses_codes_waits_a_quarter_of_an_hour(visit: Visit, colleagues: None) -> None:
    with transaction() as session:
        casey = find_account(session, "casey@example.com")
        give_app(session, casey)
        secret = str(casey.totp_secret)
    page = visit("/console")
    with_password(page, "casey@example.com")
    for _ in range(5):
        with_code(page, "000000")
        expect(page.get_by_role("alert")).to_have_text("This code is not right, or was used already. Wait for the next one your app shows.")
    with_code(page, code(secret))
    expect(page.get_by_role("alert")).to_have_text(
        "That was too often. Wait a quarter of an hour, or ask an administrator to reset your second factor."
    )
    assert barriers(page, "second-step-too-often") == []
    a_quarter_of_an_hour_passes()
    with_code(page, code(secret))
    page.wait_for_url("**/console")
