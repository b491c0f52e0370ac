"""Metrics count; they never tell who."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from leads import clock
from leads.clock import now, real_now
from leads.db import transaction
from leads.http.ops import measures
from leads.http.ops.requests import CountRequests, route_template
from leads.messages.models import Heartbeat
from leads.messages.outbox import post
from tests.cast import make_confirmed_person
from tests.the_app import the_app


@pytest.fixture
def client(database: None) -> Iterator[TestClient]:
    with TestClient(the_app(), raise_server_exceptions=False) as client:
        yield client


def value(client: TestClient, name: str, **labels: str) -> float | None:
    families = text_string_to_metric_families(client.get("/metrics").text)
    found = (each.value for family in families for each in family.samples if each.name == name and labels.items() <= each.labels.items())
    return next(found, None)


def make_due(minutes: int) -> None:
    with transaction() as session:
        person = make_confirmed_person(session, given_name="Zephyrine")
        post(session, person.id, "inquiry-received", cause="inquiry", facts={}, due_at=now() - timedelta(minutes=minutes))


def test_messages_are_counted_by_state_and_lane(client: TestClient) -> None:
    began = time.monotonic()
    make_due(10)
    assert value(client, "handoff_messages", state="planned", lane="transactional") == 1
    waited = value(client, "handoff_oldest_due_seconds", lane="transactional")
    assert waited == pytest.approx(600, abs=1 + time.monotonic() - began)
    assert value(client, "handoff_oldest_due_seconds", lane="education") == 0


def test_waiting_is_real_time_under_a_stretched_clock(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(48)
    monkeypatch.setattr(measures, "speed", lambda: 2880.0)
    assert value(client, "handoff_oldest_due_seconds", lane="transactional") == pytest.approx(1, abs=0.1)
    assert clock.speed() == 1


def test_workers_show_how_long_they_are_silent(client: TestClient) -> None:
    with transaction() as session:
        session.add(Heartbeat(worker="education", at=real_now() - timedelta(seconds=30)))
    assert value(client, "handoff_heartbeat_age_seconds", worker="education") == pytest.approx(30, abs=5)
    assert value(client, "handoff_heartbeat_age_seconds", worker="reminder") is None


def test_requests_are_counted_by_template_and_never_by_path(client: TestClient) -> None:
    client.get("/c/a-token-nobody-may-see")
    client.get("/api/v1/leads/L-424242")
    client.get("/no/such/page-of-zephyrine")
    told = client.get("/metrics").text
    assert value(client, "handoff_http_requests_total", route="/api/v1/leads/{number}", status="401")
    assert value(client, "handoff_http_requests_total", route="/c/{token}")
    assert value(client, "handoff_http_requests_total", route="none", status="404")
    assert not [word for word in ("a-token", "424242", "ephyrine") if word in told]


def test_a_method_of_somebodys_own_makes_no_label(client: TestClient) -> None:
    client.request("ZEPHYR", "/healthz")
    assert "ZEPHYR" not in client.get("/metrics").text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_through_a_proxy_there_is_nothing_to_see(client: TestClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "for=192.0.2.1"}).status_code == 404


def test_a_request_that_breaks_is_counted_too() -> None:
    app, seen = FastAPI(), []

    @app.get("/breaks/{name}")
    def breaks(request: Request, name: str) -> None:
        seen.append(route_template(request.scope))
        raise ZeroDivisionError

    app.add_middleware(CountRequests)
    assert TestClient(app, raise_server_exceptions=False).get("/breaks/x").status_code == 500
    assert seen == ["/breaks/{name}"]


def test_a_router_inside_a_router_shows_its_whole_template() -> None:
    app, inner, outer, seen = FastAPI(), APIRouter(prefix="/leads"), APIRouter(prefix="/console"), []

    @inner.get("/{number}")
    def show(request: Request, number: str) -> None:
        seen.append(route_template(request.scope))

    outer.include_router(inner)
    app.include_router(outer)
    TestClient(app).get("/console/leads/L-000042")
    assert seen == ["/console/leads/{number}"]
