"""Colleagues are invited, given roles, reset and closed; nobody does it to themselves, and never to the last administrator."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.sessions import form_token
from leads.accounts.staff import find_account
from leads.clock import real_now
from leads.messages.models import Message
from leads.security.tokens import INVITATION_FOR, Grant, issue
from tests.accounts.cast import PASSWORD, make_account
from tests.http.console.conftest import Browser
from tests.http.console.entering import enter

HERE = "/console/colleagues"


@pytest.fixture
def admin(session: Session) -> Account:
    """The clinic's only administrator."""
    return make_account(session, "administrator", email="ada@example.com", name="Ada Ko")


@pytest.fixture
def token(browser: Browser, session: Session, admin: Account) -> str:
    """Ada is in; the token of her forms."""
    return enter(browser, session, admin)


def invited(browser: Browser, token: str, **changes: object) -> int:
    """Invite Robin, but for `changes`; returns the status."""
    data = {"csrf": token, "email": "robin@example.com", "name": "Robin Vale", "roles": ["coordinator", "clinician"]} | changes
    return browser.post(HERE, data=data, follow_redirects=False).status_code


def test_an_invitation_makes_the_account_and_its_mail(browser: Browser, session: Session, token: str) -> None:
    assert invited(browser, token) == 303
    robin = find_account(session, "robin@example.com")
    assert (robin.roles, robin.password_hash) == (["clinician", "coordinator"], None)
    assert session.scalars(select(Message.template)).all() == ["staff-invitation"]


@pytest.mark.parametrize("changes", [{"email": "robin"}, {"name": ""}, {"roles": []}, {"roles": ["king"]}, {"email": "ada@example.com"}])
def test_what_is_wrong_with_an_invitation_is_said_and_what_was_typed_stays(
    browser: Browser, session: Session, token: str, changes: dict[str, object]
) -> None:
    assert invited(browser, token, **changes) == 422
    assert session.scalars(select(Message.id)).all() == []


def test_whoever_is_invited_chooses_a_password_once(browser: Browser, session: Session, token: str) -> None:
    invited(browser, token)
    robin, mail = find_account(session, "robin@example.com"), session.scalars(select(Message)).one()
    mail.address_index = robin.email_index
    link = issue(session, mail.id, Grant("invitation", None, mail.id, expires_at=real_now() + INVITATION_FOR))
    session.commit()
    browser.cookies.clear()
    path = f"/console/invited/{link}"
    page = browser.get(path)
    assert page.headers["referrer-policy"] == "no-referrer"
    form = {"csrf": form_token(browser.cookies["handoff_door"]), "password": PASSWORD, "again": PASSWORD}
    assert browser.post(path, data=form | {"again": "differs"}).status_code == 422
    assert browser.post(path, data=form, follow_redirects=False).headers["location"] == "/console"
    assert browser.get(path).status_code == 404


def test_roles_count_from_the_next_click(browser: Browser, session: Session, token: str) -> None:
    robin = make_account(session, "auditor", email="robin@example.com", name="Robin")
    session.commit()
    browser.post(f"{HERE}/{robin.id}/roles", data={"csrf": token, "roles": ["coordinator"]})
    enter(browser, session, robin)
    assert browser.get(HERE).status_code == 403
    assert browser.get("/console").status_code == 200


@pytest.mark.parametrize("act", ["roles", "disable", "reset-password", "reset-second-factor"])
def test_nobody_does_it_to_themselves(browser: Browser, session: Session, admin: Account, token: str, act: str) -> None:
    answer = browser.post(f"{HERE}/{admin.id}/{act}", data={"csrf": token, "roles": ["clinician", "administrator"]})
    assert answer.status_code == 409
    session.refresh(admin)
    assert (admin.roles, admin.disabled_at) == (["administrator"], None)


def test_closing_signs_out_and_opening_lets_in_again(browser: Browser, session: Session, token: str) -> None:
    robin = make_account(session, email="robin@example.com", name="Robin")
    session.commit()
    browser.post(f"{HERE}/{robin.id}/disable", data={"csrf": token})
    assert "closed" in browser.get(HERE).text
    browser.post(f"{HERE}/{robin.id}/enable", data={"csrf": token})
    session.refresh(robin)
    assert robin.disabled_at is None


def test_a_supervisor_resets_but_neither_invites_nor_closes(browser: Browser, session: Session, admin: Account) -> None:
    sam = make_account(session, "supervisor", email="sam@example.com", name="Sam")
    token = enter(browser, session, sam)
    assert browser.post(f"{HERE}/{admin.id}/reset-password", data={"csrf": token}).status_code == 200
    session.refresh(admin)
    assert admin.password_hash is None
    assert invited(browser, token) == 403
    assert "Send the invitation" not in browser.get(HERE).text


def test_an_administrator_begins_with_the_colleagues(browser: Browser, session: Session, admin: Account) -> None:
    session.commit()
    assert browser.sign_in(admin).headers["location"] == HERE
    assert "Number, e-mail or phone" not in browser.get(HERE).text
