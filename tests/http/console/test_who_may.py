"""Every route of the console times every role, and every scope times every route of the API, against tables of who may."""

import re
from collections.abc import Iterator

import pytest
from fastapi import Response
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.keys import create_key
from leads.accounts.models import SCOPES
from leads.accounts.sessions import form_token, open_session
from leads.http.api.routes import build_api
from leads.http.console import act, live
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.cast import make_lead
from tests.http.console.conftest import ORIGIN, Browser
from tests.http.console.who_may import DOOR, ROLES, WHO_MAY
from tests.the_app import the_app

ID = "00000000-0000-7000-8000-000000000001"
SCOPE_OF = {
    "POST /v1/inquiries": "inquiries:write",
    "POST /v1/referrals": "referrals:write",
    "GET /v1/referrals": "referrals:read",
    "GET /v1/referrals/{id}": "referrals:read",
    "GET /v1/leads": "leads:read",
    "GET /v1/leads/{number}": "leads:read",
    "POST /v1/leads/{number}/stage": "leads:write",
    "GET /v1/slots": "leads:read",
    "POST /v1/appointments": "leads:write",
    "GET /v1/appointments": "leads:read",
    "GET /v1/appointments/{id}": "leads:read",
    "POST /v1/appointments/{id}/move": "leads:write",
    "POST /v1/appointments/{id}/cancel": "leads:write",
    "POST /v1/appointments/{id}/confirm": "leads:write",
    "POST /v1/appointments/{id}/attended": "leads:write",
    "POST /v1/appointments/{id}/no-show": "leads:write",
}
OPEN = {"GET /openapi.json", "HEAD /openapi.json", "GET /docs"}


def console_routes() -> set[str]:
    """Every method and path of the whole app that lies under /console."""
    found = [each for each in iter_route_contexts(the_app().routes) if (each.path or "").startswith("/console")]
    return {f"{method} {each.path}" for each in found for method in each.methods or ()}


def api_routes() -> set[str]:
    """Every method and path of the API."""
    return {f"{method} {each.path}" for each in iter_route_contexts(build_api().routes) for method in each.methods or ()}


def test_every_route_of_the_console_stands_in_the_table_once() -> None:
    rows = [route for routes in WHO_MAY.values() for route in routes] + list(DOOR)
    assert (sorted(rows), len(set(rows))) == (sorted(console_routes()), len(rows))


def test_every_route_of_the_api_stands_in_the_table() -> None:
    assert api_routes() == set(SCOPE_OF) | OPEN


@pytest.fixture
def walker(database: None) -> Iterator[Browser]:
    """A browser that is told of what breaks, as everybody is, and goes on."""
    with Browser(the_app(), base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.timeout(300)
def test_every_role_reaches_what_it_may_and_nothing_else(
    walker: Browser, session: Session, tuesday: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stream of counts ends as soon as it was opened, and a lead's page is not drawn anew for every form that says nothing.
    monkeypatch.setattr(live, "LASTS", 0.0)
    monkeypatch.setattr(live, "hub", live.Hub(ask=lambda asked: ("{}", set(asked))))
    monkeypatch.setattr(act, "show", lambda *_, refusal, **__: Response(status_code=refusal.status))
    lead, found = make_lead(session), []
    enter = {role: open_session(session, make_account(session, role, email=f"{role}@example.com"), method="password") for role in ROLES}
    session.commit()
    for who, route in sorted((who, route) for who, routes in WHO_MAY.items() for route in routes):
        for role in sorted(ROLES, key=lambda role: role in who):
            status = knock(walker, session, lead, route, enter[role])
            if status >= 500 or (status != 403) != (role in who):
                found.append(f"{role}: {route} answers {status}")
    assert found == []


def knock(browser: Browser, session: Session, lead: Lead, route: str, secret: str) -> int:
    """Send one request as whoever has this session, with our form's token and the version that stands."""
    method, path = route.split(" ", 1)
    named = {"number": lead.number, "which": "R-000001", "language": "en"}
    path = re.sub(r"\{([a-z_:]+)\}", lambda part: named.get(part[1], ID), path)
    browser.cookies.clear()
    browser.cookies.set("handoff_staff", secret, domain="testserver.local", path="/console")
    version = session.scalars(select(Lead.version).where(Lead.id == lead.id)).one()
    form = {"csrf": form_token(secret), "version": str(version), "reason": "", "roles": "auditor"}
    return browser.request(method, path, data=form if method == "POST" else None, follow_redirects=False).status_code


@pytest.fixture
def machine(database: None) -> Iterator[TestClient]:
    """The app, as a machine meets it."""
    with TestClient(the_app(), raise_server_exceptions=False) as client:
        yield client


def test_a_key_of_one_scope_reaches_what_that_scope_may_and_nothing_else(machine: TestClient, session: Session) -> None:
    keys = {scope: create_key(session, scope, [scope])[1] for scope in SCOPES}
    session.commit()
    found = []
    for route, needed in SCOPE_OF.items():
        method, path = route.split(" ", 1)
        path = re.sub(r"\{[a-z]+\}", ID, path)
        for scope, text in keys.items():
            answer = machine.request(
                method, f"/api{path}", headers={"Authorization": f"Bearer {text}"}, json={} if method == "POST" else None
            )
            if (answer.json().get("error") != "missing_scope") != (scope == needed):
                found.append(f"{scope}: {route} answers {answer.status_code} {answer.json().get('error')}")
    assert found == []


def test_without_a_key_the_api_answers_nobody(machine: TestClient) -> None:
    told = {route: machine.request(*route.replace(" /", " /api/", 1).split(" ", 1)).status_code for route in SCOPE_OF}
    assert set(told.values()) == {401}
