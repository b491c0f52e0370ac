"""The second step at the door: whoever has only the password comes no further."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import Account, StaffSession
from tests.accounts.cast import make_account
from tests.accounts.proofs import code_of, give_app
from tests.http.console.conftest import Browser
from tests.http.console.entering import enter


@pytest.fixture
def casey(session: Session) -> Account:
    """Casey, who has an authenticator app."""
    made = make_account(session)
    give_app(session, made)
    session.commit()
    return made


@pytest.fixture
def newcomer(session: Session, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Somebody without a second factor, in production."""
    monkeypatch.setattr(settings(), "handoff_mode", "production")
    made = make_account(session)
    session.commit()
    return made


def test_after_the_password_the_code_is_asked_for_and_leads_on(browser: Browser, session: Session, casey: Account) -> None:
    asked = browser.sign_in(casey, next_path="/console/quarantine")
    assert asked.headers["location"] == "/console/second-factor?next=%2Fconsole%2Fquarantine"
    answer = browser.form("/console/second-factor", page=asked.headers["location"], code=code_of(casey), next="/console/quarantine")
    assert answer.headers["location"] == "/console/quarantine"
    assert browser.get("/console/quarantine").status_code == 200


@pytest.mark.parametrize("path", ["/console", "/console/account", "/console/second-factor/set-up", "/console/second-factor/set-up/app"])
def test_with_the_password_alone_every_page_leads_back_to_the_code(browser: Browser, session: Session, casey: Account, path: str) -> None:
    enter(browser, session, casey)
    answer = browser.get(path, follow_redirects=False)
    assert answer.headers["location"].startswith("/console/second-factor?next=")


def test_with_the_password_alone_nobody_registers_a_passkey_of_their_own(browser: Browser, session: Session, casey: Account) -> None:
    token = enter(browser, session, casey)
    answer = browser.post("/console/passkeys/options", data={"csrf": token}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (401, "second_factor")


def test_a_wrong_code_is_said_and_counted(browser: Browser, session: Session, casey: Account) -> None:
    enter(browser, session, casey)
    for _ in range(5):
        answer = browser.form("/console/second-factor", page="/console/second-factor", code="000000")
    assert answer.status_code == 401
    assert browser.form("/console/second-factor", page="/console/second-factor", code=code_of(casey)).status_code == 429


def test_at_the_first_sign_in_one_must_be_set_up(browser: Browser, session: Session, newcomer: Account) -> None:
    enter(browser, session, newcomer)
    assert browser.get("/console", follow_redirects=False).headers["location"].startswith("/console/second-factor?")
    page = browser.get("/console")
    assert page.url.path == "/console/second-factor/set-up"
    assert "Set up a second step" in page.text


def test_setting_up_the_app_shows_codes_once_and_lets_in(browser: Browser, session: Session, newcomer: Account) -> None:
    enter(browser, session, newcomer)
    browser.form("/console/second-factor/set-up", page="/console/second-factor/set-up")
    shown = browser.get("/console/second-factor/set-up/app").text
    assert "data:image/svg+xml" in shown
    session.refresh(newcomer)
    answer = browser.form("/console/second-factor/set-up/app", page="/console/second-factor/set-up/app", code=code_of(newcomer))
    assert len(re.findall(r"<code>(?:\w{4}-){3}\w{4}</code>", answer.text)) == 10
    assert browser.get("/console").status_code == 200
    assert session.scalars(select(StaffSession.second_factor_at)).one() is not None


def test_looking_at_the_page_sets_nothing_up(browser: Browser, session: Session, newcomer: Account) -> None:
    enter(browser, session, newcomer)
    browser.get("/console/second-factor/set-up/app")
    session.refresh(newcomer)
    assert newcomer.totp_secret is None


def test_a_trial_goes_on_without_and_says_so(browser: Browser, session: Session) -> None:
    account = make_account(session)
    session.commit()
    assert browser.sign_in(account).headers["location"] == "/console"
    assert "There is no second step yet" in browser.get("/console/account").text
