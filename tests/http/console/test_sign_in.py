"""The door of the console."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import Account, Attempt, StaffSession
from leads.clock import real_now
from leads.http.console.staff import safe_next
from leads.pipeline.models import Lead, Note
from tests.accounts.cast import make_account
from tests.http.console.conftest import Browser, hidden_fields
from tests.http.console.who_may import WHO_MAY


@pytest.fixture
def account(session: Session) -> Account:
    """Casey's account."""
    made = make_account(session)
    session.commit()
    return made


def test_every_page_and_form_leads_an_anonymous_visitor_to_the_door(browser: Browser) -> None:
    outside = []
    # A stream is asked for by a script, which has no use for a door: it is told 401.
    routes = {route for routes in WHO_MAY.values() for route in routes} - {"GET /console/events"}
    for route in sorted(routes):
        method, path = route.split(" ", 1)
        path = re.sub(r"\{[a-z_:]+\}", "00000000-0000-7000-8000-000000000001", path.replace("{number}", "L-000001"))
        answer = browser.request(method, path, follow_redirects=False)
        if answer.status_code != 303 or not answer.headers["location"].startswith("/console/sign-in?next="):
            outside.append(f"{route} answers {answer.status_code}")
    assert outside == []


def test_the_right_password_leads_to_where_one_was_going(browser: Browser, account: Account) -> None:
    answer = browser.sign_in(account, next_path="/console/quarantine")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/quarantine")
    assert "Casey Lind" in browser.get("/console").text


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(browser: Browser, account: Account) -> None:
    cookie = next(line for line in browser.sign_in(account).headers.get_list("set-cookie") if line.startswith("handoff_staff="))
    assert {"HttpOnly", "Path=/console", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_the_cookie_is_for_encrypted_lines_only_where_there_are_any(
    browser: Browser, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "handoff_public_url", "https://handoff.example.com")
    browser.base_url = "https://testserver"  # type: ignore[assignment]
    cookies = browser.sign_in(account).headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in cookies if "Max-Age=0" not in cookie)


def test_a_wrong_password_says_the_same_as_an_unknown_address_and_keeps_the_address(browser: Browser, account: Account) -> None:
    wrong = browser.sign_in(account, password="not the password")
    unknown = browser.form("/console/sign-in", page="/console/sign-in", email="casey@example.org", password="not the password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace("example.com", "example.org") == unknown.text


def test_a_refusal_is_counted_although_nobody_came_in(browser: Browser, session: Session, account: Account) -> None:
    for _ in range(5):
        browser.sign_in(account, password="not the password")
    assert session.scalar(select(func.count()).where(Attempt.kind == "sign-in-both")) == 5
    assert browser.sign_in(account).status_code == 429


def test_signing_in_never_takes_up_a_session_somebody_else_planted(browser: Browser, account: Account) -> None:
    browser.cookies.set("handoff_staff", "planted", domain="testserver.local", path="/console")
    browser.sign_in(account)
    assert browser.cookies.get("handoff_staff", domain="testserver.local", path="/console") != "planted"


def test_signing_in_again_ends_the_session_before(browser: Browser, session: Session, account: Account) -> None:
    browser.sign_in(account)
    first = browser.cookies["handoff_staff"]
    browser.cookies.delete("handoff_staff")
    page = browser.get("/console/sign-in")
    assert page.status_code == 200
    browser.cookies.set("handoff_staff", first, domain="testserver.local", path="/console")
    assert session.scalar(select(func.count()).where(StaffSession.ended_at.is_(None))) == 1


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"csrf": ""}, {}),
        ({"csrf": "é"}, {}),
        ({}, {"sec-fetch-site": "cross-site"}),
        ({}, {"sec-fetch-site": "same-site"}),
        ({}, {"origin": "https://evil.example"}),
        ({}, {"origin": "null"}),
    ],
    ids=["no token", "a wrong token", "another site", "a neighbour", "another origin", "no origin"],
)
def test_a_form_that_is_not_ours_changes_nothing(
    coordinator: Browser, session: Session, lead: Lead, fields: dict[str, str], headers: dict[str, str]
) -> None:
    page = coordinator.get(f"/console/leads/{lead.number}").text
    data = {"csrf": hidden_fields(page, "csrf")[0], "version": "1", "text": "hello"} | fields
    answer = coordinator.post(f"/console/leads/{lead.number}/note", data=data, headers=headers)
    assert answer.status_code == 403
    assert session.scalar(select(func.count()).select_from(Note)) == 0


def test_the_sign_in_form_too_must_be_ours(browser: Browser, account: Account) -> None:
    browser.get("/console/sign-in")
    answer = browser.post("/console/sign-in", data={"email": "casey@example.com", "password": "x", "csrf": "forged"})
    assert answer.status_code == 403


def test_without_the_door_cookie_nobody_is_signed_in(browser: Browser, account: Account) -> None:
    answer = browser.post("/console/sign-in", data={"email": "casey@example.com", "password": "x", "csrf": "forged"})
    assert answer.status_code == 403
    assert "cookie" in answer.text


def test_after_signing_out_the_old_cookie_opens_nothing(coordinator: Browser) -> None:
    old = coordinator.cookies["handoff_staff"]
    coordinator.form("/console/sign-out", page="/console")
    coordinator.cookies.set("handoff_staff", old, domain="testserver.local", path="/console")
    assert coordinator.get("/console", follow_redirects=False).status_code == 303


def test_who_was_idle_too_long_gets_back_what_they_typed(coordinator: Browser, session: Session, lead: Lead) -> None:
    session.execute(update(StaffSession).values(expires_at=real_now()))
    session.commit()
    answer = coordinator.post(f"/console/leads/{lead.number}/note", data={"text": "A long <b>note</b>", "version": "1"})
    assert answer.status_code == 401
    assert "A long &lt;b&gt;note&lt;/b&gt;" in answer.text
    assert f"next=/console/leads/{lead.number}" in answer.text


@pytest.mark.parametrize(
    "path",
    ["https://evil.example", "//evil.example", "/console//evil", "/console/../x", "/consoles", "/console/\\x", "/console/sign-in", "/x"],
)
def test_nobody_is_led_out_of_the_console(path: str) -> None:
    assert safe_next(path) == "/console"


def test_a_filtered_list_is_found_again_after_signing_in(browser: Browser) -> None:
    location = browser.get("/console?office=woodbury&need=new", follow_redirects=False).headers["location"]
    assert location == "/console/sign-in?next=/console%3Foffice%3Dwoodbury%26need%3Dnew"
    assert safe_next("/console?office=woodbury&need=new") == "/console?office=woodbury&need=new"


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("administrator", 403), ("reviewer", 403), ("supervisor", 200)])
def test_only_those_who_work_with_leads_see_them(signed_in: Callable[..., Browser], role: str, status: int) -> None:
    assert signed_in(role).get("/console").status_code == status


def test_an_auditor_sees_but_changes_nothing(signed_in: Callable[..., Browser], lead: Lead) -> None:
    auditor = signed_in("auditor")
    assert "/note" not in auditor.get(f"/console/leads/{lead.number}").text
    assert auditor.form(f"/console/leads/{lead.number}/note", version="1", text="hello").status_code == 403


def test_an_address_that_leads_nowhere_is_answered_by_the_console(coordinator: Browser) -> None:
    answer = coordinator.get("/console/leeds")
    assert answer.status_code == 404
    assert "Back to the leads" in answer.text


def test_nobody_learns_at_the_door_which_addresses_exist(browser: Browser) -> None:
    answer = browser.get("/console/leeds", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in?next=/console/leeds")
