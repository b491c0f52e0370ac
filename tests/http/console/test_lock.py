"""A session left alone refuses everything, and gives back what was typed to the account it belongs to."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from leads.accounts.models import Account, StaffSession
from leads.accounts.sessions import unlock
from leads.clock import real_now
from leads.pipeline.models import Lead, Note
from tests.accounts.cast import PASSWORD, make_account
from tests.http.console.conftest import Browser, hidden_fields
from tests.http.console.entering import enter


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator."""
    return make_account(session)


@pytest.fixture
def token(browser: Browser, session: Session, casey: Account) -> str:
    """Casey is in; the token of their forms."""
    return enter(browser, session, casey)


def leave_alone(session: Session) -> None:
    """A quarter of an hour goes by."""
    session.execute(update(StaffSession).values(seen_at=real_now() - timedelta(minutes=15, seconds=1)))
    session.commit()


def note(browser: Browser, lead: Lead, token: str) -> str:
    """Write a note into a console that has locked; returns the page that answers."""
    data = {"csrf": token, "version": "1", "read_at": "", "text": "She prefers <b>mornings</b>."}
    answer = browser.post(f"/console/leads/{lead.number}/note", data=data)
    assert answer.status_code == 401
    return answer.text


def test_a_page_leads_to_the_lock_and_back(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    leave_alone(session)
    answer = browser.get(f"/console/leads/{lead.number}", follow_redirects=False)
    assert answer.headers["location"] == f"/console/locked?next=%2Fconsole%2Fleads%2F{lead.number}"
    unlocked = browser.form("/console/unlock", page=answer.headers["location"], password=PASSWORD, next=f"/console/leads/{lead.number}")
    assert unlocked.headers["location"] == f"/console/leads/{lead.number}"
    assert browser.get(unlocked.headers["location"]).status_code == 200


def test_what_was_typed_does_nothing_then_and_comes_back_to_be_sent(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    leave_alone(session)
    page = note(browser, lead, token)
    fields = {name: hidden_fields(page, name)[0] for name in ("csrf", "action", "next", "version")}
    back = browser.post("/console/unlock", data=fields | {"text": "She prefers <b>mornings</b>.", "password": PASSWORD})
    assert "She prefers &lt;b&gt;mornings&lt;/b&gt;." in back.text
    assert session.scalar(select(func.count()).select_from(Note)) == 0
    browser.post(f"/console/leads/{lead.number}/note", data=fields | {"text": "She prefers mornings."})
    assert session.scalars(select(Note)).one().text == "She prefers mornings."


@pytest.mark.parametrize("path", ["/console/new", "/console/new/referral"])
def test_what_was_typed_beside_a_document_comes_back_too(browser: Browser, session: Session, token: str, path: str) -> None:
    leave_alone(session)
    files = {"attachments": ("fax.pdf", b"%PDF-1.4 a page", "application/pdf")}
    answer = browser.post(path, data={"csrf": token, "message": "Asked for Tuesday."}, files=files)
    assert answer.status_code == 401
    assert 'name="message" value="Asked for Tuesday."' in answer.text


def test_a_wrong_password_keeps_both_the_lock_and_the_words(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    leave_alone(session)
    note(browser, lead, token)
    form = {"csrf": token, "action": f"/console/leads/{lead.number}/note", "text": "Mornings", "password": "not the password"}
    answer = browser.post("/console/unlock", data=form)
    assert answer.status_code == 401
    assert 'name="text" value="Mornings"' in answer.text
    assert browser.get("/console", follow_redirects=False).status_code == 303


def test_another_sites_form_is_not_repeated_on_the_page(browser: Browser, session: Session, token: str, lead: Lead) -> None:
    leave_alone(session)
    answer = browser.post(
        f"/console/leads/{lead.number}/note", data={"text": "planted"}, headers={"sec-fetch-site": "cross-site"}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert "planted" not in answer.text


def test_no_password_travels_back_on_the_lock(browser: Browser, session: Session, token: str) -> None:
    leave_alone(session)
    data = {"csrf": token, "current": PASSWORD, "password": "another four words", "again": "another four words"}
    assert "another four words" not in browser.post("/console/account/password", data=data).text


def test_looking_keeps_nothing_awake_but_typing_does(browser: Browser, session: Session, token: str) -> None:
    session.execute(update(StaffSession).values(seen_at=real_now() - timedelta(minutes=10)))
    session.commit()
    assert browser.get("/console/here").json()["locks_in"] <= 300
    browser.post("/console/here", data={"csrf": token})
    assert browser.get("/console/here").json()["locks_in"] > 800


def test_listening_for_news_keeps_nothing_awake(browser: Browser, session: Session, token: str) -> None:
    session.execute(update(StaffSession).values(seen_at=real_now() - timedelta(minutes=10)))
    session.commit()
    browser.get("/console", headers={"accept": "text/event-stream"})
    assert browser.get("/console/here").json()["locks_in"] <= 300


def test_the_pages_own_script_is_told_in_json(browser: Browser, session: Session, token: str) -> None:
    leave_alone(session)
    wrong = browser.post("/console/unlock", data={"csrf": token, "password": "x"}, headers={"accept": "application/json"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "wrong_password")
    right = browser.post("/console/unlock", data={"csrf": token, "password": PASSWORD}, headers={"accept": "application/json"})
    assert right.json()["locks_in"] > 800


def test_one_locks_it_by_hand(browser: Browser, session: Session, token: str) -> None:
    browser.post("/console/lock", data={"csrf": token})
    assert browser.get("/console", follow_redirects=False).headers["location"].startswith("/console/locked")


def test_the_lock_leads_out_of_the_console_for_nobody(browser: Browser, session: Session, token: str) -> None:
    leave_alone(session)
    form = {"csrf": token, "action": "https://evil.example", "next": "//evil.example", "text": "x", "password": PASSWORD}
    page = browser.post("/console/unlock", data=form).text
    assert "evil.example" not in page


def test_who_has_no_password_is_offered_both_other_ways_beside_the_words(
    browser: Browser, session: Session, token: str, lead: Lead
) -> None:
    leave_alone(session)
    page = note(browser, lead, token)
    assert f'/console/sign-in?next=/console/leads/{lead.number}" target="_blank" rel="noopener"' in page
    assert 'data-act="show"' in page
    assert "formnovalidate" in page


def test_who_signed_in_another_way_goes_on_with_the_words_and_no_password(
    browser: Browser, session: Session, token: str, casey: Account, lead: Lead
) -> None:
    casey.password_hash = None
    leave_alone(session)
    form = {"csrf": token, "action": f"/console/leads/{lead.number}/note", "text": "Mornings"}
    early = browser.post("/console/unlock", data=form)
    assert ("It is still locked." in early.text, 'name="text" value="Mornings"' in early.text) == (True, True)
    unlock(session, session.scalars(select(StaffSession)).one(), method="oidc")
    session.commit()
    assert ">Mornings</textarea>" in browser.post("/console/unlock", data=form).text


def test_signing_in_by_password_in_another_tab_opens_the_locked_session_again(
    browser: Browser, session: Session, token: str, casey: Account
) -> None:
    leave_alone(session)
    assert browser.sign_in(casey).status_code == 303
    assert ">Mornings</textarea>" in browser.post("/console/unlock", data={"csrf": token, "action": "/console/x", "text": "Mornings"}).text
