"""Coming in by a link: the same answer to everybody, a button before anything happens, and no way in for another site."""

import re
import time

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.http.portal import sign_in
from leads.http.referrer import COOKIE
from leads.loop.models import Referral
from leads.messages.models import Message
from leads.providers.models import PortalSession, Provider
from leads.providers.trust import distrust
from leads.security.tokens import Grant, Token, issue
from tests.cast import ACTOR
from tests.http.portal.conftest import Browser

KNOWN, UNKNOWN = "rivera@riverside.test", "nobody@riverside.test"


def link(session: Session, browser: Browser) -> str:
    """The path of the link in the mail, as it works once that went out."""
    browser.form("/portal/sign-in", page="/portal/sign-in", email=KNOWN)
    mail = session.scalars(select(Message).where(Message.template == "portal-link")).one()
    mail.address_index = session.get_one(Provider, mail.provider_id).email_index
    path = f"/portal/enter/{issue(session, mail.id, Grant('sign_in', None, mail.id))}"
    session.commit()
    return path


def test_who_is_not_signed_in_is_led_to_the_door(browser: Browser) -> None:
    for path in ("/portal", "/portal/preferences", "/portal/referrals/R-000001", "/portal/nowhere"):
        answer = browser.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/portal/sign-in")


def test_known_and_unknown_are_answered_alike(session: Session, browser: Browser, kept: Referral) -> None:
    session.commit()
    answers = [browser.form("/portal/sign-in", page="/portal/sign-in", email=email) for email in (KNOWN, UNKNOWN)]
    assert answers[0].status_code == answers[1].status_code == 200
    assert answers[0].text == answers[1].text
    assert set(answers[0].headers) == set(answers[1].headers)


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_the_answer_takes_its_time_either_way(
    session: Session, browser: Browser, kept: Referral, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    monkeypatch.setattr(sign_in, "AT_LEAST", 0.5)
    begun = time.monotonic()
    assert browser.form("/portal/sign-in", page="/portal/sign-in", email=email).status_code == 200
    assert time.monotonic() - begun >= 0.5


def test_what_is_no_address_is_said_beside_the_field(browser: Browser) -> None:
    answer = browser.form("/portal/sign-in", page="/portal/sign-in", email="ana@")
    assert answer.status_code == 422
    assert "not a complete e-mail address" in answer.text
    assert 'value="ana@"' in answer.text


def test_asking_too_often_is_refused_kindly(browser: Browser) -> None:
    for _ in range(5):
        browser.form("/portal/sign-in", page="/portal/sign-in", email=UNKNOWN)
    answer = browser.form("/portal/sign-in", page="/portal/sign-in", email=UNKNOWN)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")


def test_following_the_link_does_nothing(session: Session, browser: Browser, kept: Referral) -> None:
    path = link(session, browser)
    for _ in range(3):
        assert "Press the button" in browser.get(path).text
    assert session.scalars(select(PortalSession)).all() == []
    assert session.scalars(select(Token.used_at).where(Token.purpose == "sign_in")).all() == [None]


def test_the_button_signs_in_and_the_link_is_used_up(session: Session, browser: Browser, kept: Referral) -> None:
    path = link(session, browser)
    answer = browser.form(path, page=path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    assert re.search(rf"{COOKIE}=[\w-]+; HttpOnly; Path=/; SameSite=lax", answer.headers["set-cookie"])
    assert "Riverside Psychiatry" in browser.get("/portal").text
    assert "This link was used" in browser.get(path).text


def test_a_second_browser_cannot_use_it_again(session: Session, browser: Browser, kept: Referral) -> None:
    path = link(session, browser)
    browser.get(path)
    browser.form(path, page=path)
    answer = browser.form(path, page="/portal/enter/nothing")
    assert answer.status_code in (403, 404)
    assert len(session.scalars(select(PortalSession)).all()) == 1


def test_another_site_cannot_sign_somebody_in(session: Session, browser: Browser, kept: Referral) -> None:
    path = link(session, browser)
    token = re.findall(r'name="csrf" value="([^"]*)"', browser.get(path).text)[0]
    answer = browser.post(path, data={"csrf": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert browser.post(path, data={"csrf": "x"}).status_code == 403
    assert session.scalars(select(PortalSession)).all() == []


def test_the_address_of_the_link_reaches_nobody_else(session: Session, browser: Browser, kept: Referral) -> None:
    answer = browser.get(link(session, browser))
    assert answer.headers["referrer-policy"] == "strict-origin"
    assert answer.headers["cache-control"] == "no-store"


def test_signing_out(portal: Browser) -> None:
    assert portal.form("/portal/sign-out").headers["location"] == "/portal/sign-in"
    assert portal.get("/portal", follow_redirects=False).status_code == 303


def test_who_is_believed_no_more_is_out_at_once(session: Session, portal: Browser, kept: Referral) -> None:
    assert portal.get("/portal").status_code == 200
    distrust(session, session.get_one(Provider, kept.provider_id), why="left", actor=ACTOR)
    session.commit()
    assert portal.get("/portal", follow_redirects=False).status_code == 303
