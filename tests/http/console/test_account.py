"""One's own account: sessions ended, password changed, factors removed, each with the password shown once more."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.factor_models import Passkey
from leads.accounts.models import Account
from leads.accounts.sessions import sessions_of, signed_in
from leads.clock import real_now
from tests.accounts.cast import PASSWORD, make_account
from tests.accounts.proofs import give_app, opened
from tests.http.console.conftest import Browser
from tests.http.console.entering import enter

NEW = "another four words here"


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator with an authenticator app."""
    made = make_account(session)
    give_app(session, made)
    return made


@pytest.fixture
def token(browser: Browser, session: Session, casey: Account) -> str:
    """Casey is in; the token of their forms."""
    return enter(browser, session, casey, proved_both=True)


def test_changing_the_password_ends_every_other_session_but_this(browser: Browser, session: Session, casey: Account, token: str) -> None:
    other, _ = opened(session, casey, proved_both=True)
    data = {"csrf": token, "current": PASSWORD, "password": NEW, "again": NEW}
    assert browser.post("/console/account/password", data=data, follow_redirects=False).status_code == 303
    assert signed_in(session, other) is None
    assert browser.get("/console/account").status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"current": "not it"}, "current password"),
        ({"again": "differs from it"}, "differ"),
        ({"password": "short", "again": "short"}, "12"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    browser: Browser, session: Session, casey: Account, token: str, changes: dict[str, str], words: str
) -> None:
    before = casey.password_hash
    answer = browser.post("/console/account/password", data={"csrf": token, "current": PASSWORD, "password": NEW, "again": NEW} | changes)
    assert answer.status_code == 422
    assert words in answer.text
    session.refresh(casey)
    assert casey.password_hash == before


def test_trying_passwords_at_a_desk_left_open_is_counted_like_at_the_door(browser: Browser, session: Session, token: str) -> None:
    for _ in range(5):
        browser.post("/console/account/recovery-codes", data={"csrf": token, "current": "a guess"})
    assert browser.post("/console/account/recovery-codes", data={"csrf": token, "current": PASSWORD}).status_code == 429


def test_sessions_are_listed_and_one_is_ended(browser: Browser, session: Session, casey: Account, token: str) -> None:
    _, other = opened(session, casey, proved_both=True)
    session.commit()
    assert "this one" in browser.get("/console/account").text
    browser.post(f"/console/account/sessions/{other.id}/end", data={"csrf": token})
    assert len(sessions_of(session, casey.id)) == 1


def test_new_recovery_codes_are_shown_once(browser: Browser, session: Session, token: str) -> None:
    shown = browser.post("/console/account/recovery-codes", data={"csrf": token, "current": PASSWORD})
    assert shown.text.count("<code>") == 10
    assert "<strong>10</strong> of ten" in browser.get("/console/account").text


def test_the_only_second_factor_is_not_removed(browser: Browser, session: Session, casey: Account, token: str) -> None:
    answer = browser.post("/console/account/app/remove", data={"csrf": token, "current": PASSWORD})
    assert answer.status_code == 422
    session.refresh(casey)
    assert casey.totp_confirmed_at is not None


def test_beside_a_passkey_the_app_may_go_and_then_the_passkey_stays(browser: Browser, session: Session, casey: Account, token: str) -> None:
    row = Passkey(account_id=casey.id, credential_id=b"c", public_key=b"k", sign_count=0, made_at=real_now())
    row.name = "Laptop"
    session.add(row)
    session.commit()
    assert browser.post("/console/account/app/remove", data={"csrf": token, "current": PASSWORD}).url.query == b"said=my-app"
    answer = browser.post(f"/console/account/passkeys/{row.id}/remove", data={"csrf": token, "current": PASSWORD})
    assert answer.status_code == 422
    assert session.scalars(select(Passkey.id)).all() == [row.id]


def test_a_passkey_gets_a_name_and_nobody_elses_does(browser: Browser, session: Session, casey: Account, token: str) -> None:
    robin = make_account(session, email="robin@example.com", name="Robin")
    rows = [
        Passkey(account_id=who.id, credential_id=who.id.bytes, public_key=b"k", sign_count=0, made_at=real_now()) for who in (casey, robin)
    ]
    session.add_all(rows)
    session.commit()
    told = [browser.post(f"/console/account/passkeys/{row.id}/rename", data={"csrf": token, "name": " Office  laptop "}) for row in rows]
    assert [answer.status_code for answer in told] == [200, 404]
    session.refresh(rows[0])
    assert rows[0].name == "Office laptop"


@pytest.mark.parametrize("answer", ["", "{}", "null", '{"id": "AAAA"}', '{"id": 7}', "[]"])
def test_a_forged_passkey_answer_lets_nobody_in(browser: Browser, session: Session, casey: Account, answer: str) -> None:
    session.commit()
    token = browser.get("/console/sign-in").text.partition('name="csrf" value="')[2].partition('"')[0]
    asking = {"accept": "application/json"}
    assert browser.post("/console/sign-in/passkey/options", data={"csrf": token}, headers=asking).json()["challenge"]
    refused = browser.post("/console/sign-in/passkey", data={"csrf": token, "answer": answer}, headers=asking)
    assert (refused.status_code, refused.json()["error"]) == (401, "passkey_refused")


def test_a_challenge_is_answered_once(browser: Browser, session: Session, casey: Account) -> None:
    session.commit()
    token = browser.get("/console/sign-in").text.partition('name="csrf" value="')[2].partition('"')[0]
    asking = {"accept": "application/json"}
    browser.post("/console/sign-in/passkey/options", data={"csrf": token}, headers=asking)
    for error in ("passkey_refused", "ceremony_over"):
        answer = browser.post("/console/sign-in/passkey", data={"csrf": token, "answer": "{}"}, headers=asking)
        assert answer.json()["error"] == error


def test_without_a_provider_there_is_no_such_door(browser: Browser) -> None:
    assert not settings().has_oidc
    assert "Sign in with your" not in browser.get("/console/sign-in").text
    assert browser.get("/console/oidc/back?code=x&state=y").status_code == 404
