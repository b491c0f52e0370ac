"""The CapabilityStatement is true to what is built."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from leads.http.fhir.parse import parse
from leads.http.fhir.routes import ROUTERS
from leads.http.fhir.search import KNOWN

WAYS = {
    "read": "GET /{0}/{{id}}",
    "search-type": "GET /{0}",
    "create": "POST /{0}",
    "update": "PUT /{0}/{{id}}",
    "delete": "DELETE /{0}/{{id}}",
    "history-instance": "GET /{0}/{{id}}/_history",
}


@pytest.fixture
def rest(client: TestClient) -> Any:
    """What it says of the server; read without a key."""
    answer = client.get("/fhir/metadata")
    assert answer.status_code == 200
    return parse(answer.content, "CapabilityStatement")["rest"][0]


def test_it_names_every_route_and_none_that_is_not_there(rest: Any) -> None:
    told = {WAYS[way["code"]].format(each["type"]) for each in rest["resource"] for way in each["interaction"]}
    routes = [route for router in ROUTERS for route in router.routes]
    built = {f"{method} {route.path}" for route in routes for method in route.methods or ()}  # type: ignore[attr-defined]
    assert told == built - {"GET /metadata", "POST /"}


def test_it_names_every_search_parameter(rest: Any) -> None:
    task = next(each for each in rest["resource"] if each["type"] == "Task")
    named = {each["name"] for each in task["searchParam"]}
    assert named == set(KNOWN) - {"requester:identifier", "_include", "_count", "_after"}


def test_it_says_how_often_to_poll(rest: Any) -> None:
    assert "15 minutes" in rest["documentation"]
    assert "_lastUpdated" in rest["documentation"]
