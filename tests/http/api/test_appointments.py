"""A machine asks when a visit can be had, books it, and says what became of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.audit.models import AuditEntry
from leads.db import transaction
from leads.pipeline.models import Lead
from tests.appointments.visits import booked, ready
from tests.cast import make_confirmed_person
from tests.http.api.conftest import make_key

SLOTS, URL = "/api/v1/slots", "/api/v1/appointments"
NINE, TEN = "2026-10-13T09:00:00-04:00", "2026-10-13T10:00:00-04:00"
Advance = Callable[[timedelta], None]
Made = Callable[..., httpx.Response]


@pytest.fixture
def lead(database: None, tuesday: object) -> Lead:
    with transaction() as session:
        return ready(session)


@pytest.fixture
def made(client: TestClient, auth: dict[str, str], lead: Lead) -> Made:
    """Book a visit for the lead: `made(starts_at=…)`."""

    def send(headers: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
        body = {"lead": lead.number, "calendar": "clinician-a", "starts_at": NINE} | asked
        return client.post(URL, json=body, headers=auth | (headers or {}))

    return send


def test_slots_bear_the_offset_of_their_office(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    answer = client.get(f"{SLOTS}?office=woodbury&limit=1", headers=auth)
    first = {
        "office": "woodbury",
        "calendar": "clinician-c",
        "starts_at": "2026-10-07T10:00:00-04:00",
        "ends_at": "2026-10-07T11:00:00-04:00",
    }
    assert answer.json() == {"slots": [first]}


@pytest.mark.parametrize("query", ["office=moon", "calendar=moon", "since=20261006", "until=0001-01-01T00:00:00%2B14:00", "limit=0"])
def test_what_cannot_be_asked_is_refused_by_name(client: TestClient, auth: dict[str, str], query: str) -> None:
    answer = client.get(f"{SLOTS}?{query}", headers=auth)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_a_visit_is_booked(client: TestClient, auth: dict[str, str], lead: Lead, made: Made) -> None:
    answer = made()
    told = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert (told["lead"], told["state"], told["starts_at"]) == (lead.number, "booked", NINE)
    assert client.get(f"/api/v1/leads/{lead.number}", headers=auth).json()["stage"] == "booked"


def test_a_visit_is_offered(made: Made) -> None:
    told = made(offer=True).json()
    assert (told["state"], told["offered_until"]) == ("offered", "2026-10-08T10:00:00-04:00")


def test_a_visit_outside_of_the_calendars_names_its_office(made: Made) -> None:
    told = made(calendar=None, office="woodbury", starts_at="2026-10-10T08:15:00-04:00").json()
    assert (told["calendar"], told["office"], told["ends_at"]) == (None, "woodbury", "2026-10-10T09:15:00-04:00")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"lead": "L-999999"}, "lead"),
        ({"calendar": "moon"}, "calendar"),
        ({"calendar": None}, "calendar"),
        ({"starts_at": "2026-10-13T09:30:00-04:00"}, "starts_at"),
        ({"starts_at": "2026-10-13T09:00:00"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "starts_at"),
        ({"starts_at": 20261013}, "starts_at"),
    ],
)
def test_a_booking_that_cannot_be_names_its_field(made: Made, asked: dict[str, Any], field: str) -> None:
    answer = made(**asked)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_taken_slot_is_a_conflict_that_names_the_next(made: Made) -> None:
    with transaction() as session:
        other = ready(session, person=make_confirmed_person(session, email="other@example.com")).number
    assert made(lead=other).status_code == 201
    answer = made()
    assert (answer.status_code, answer.json()["error"]) == (409, "slot_taken")
    assert "Free next: Tuesday, October 13, 10:00 AM" in answer.json()["message"]


def test_a_booking_sent_again_under_its_key_is_made_once(made: Made) -> None:
    first, second = (made({"Idempotency-Key": "abc"}) for _ in range(2))
    assert (first.status_code, first.content, first.headers["ETag"]) == (201, second.content, second.headers["ETag"])


def test_a_lead_that_is_not_qualified_says_what_comes_first(made: Made, lead: Lead) -> None:
    with transaction() as session:
        session.get_one(Lead, lead.id).stage = "screening"
    answer = made()
    assert (answer.status_code, answer.json()["error"]) == (409, "not_allowed_now")
    assert "A clinician says that it is qualified" in answer.json()["message"]


@pytest.mark.parametrize(
    ("verb", "body", "wait", "state"),
    [
        ("move", {"calendar": "clinician-a", "starts_at": TEN}, 0, "booked"),
        ("cancel", {"reason": "Clinician ill"}, 0, "cancelled"),
        ("confirm", None, 0, "booked"),
        ("attended", None, 7, "attended"),
        ("no-show", None, 7, "no_show"),
    ],
)
def test_each_verb_at_the_version_that_was_read(
    client: TestClient, auth: dict[str, str], made: Made, tuesday: Advance, verb: str, body: Any, wait: int, state: str
) -> None:
    visit = made().json()
    tuesday(timedelta(days=wait))
    answer = client.post(f"{URL}/{visit['id']}/{verb}", json=body, headers=auth | {"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["state"], answer.headers["ETag"]) == (200, state, '"2"')
    late = client.post(f"{URL}/{visit['id']}/{verb}", json=body, headers=auth | {"If-Match": '"7"'})
    assert late.status_code == (200 if verb == "confirm" else 409)


def test_who_comes_too_late_gets_the_newer_state(client: TestClient, auth: dict[str, str], made: Made) -> None:
    path = f"{URL}/{made().json()['id']}/move"
    for at, status in ((TEN, 200), (NINE, 409)):
        answer = client.post(path, json={"calendar": "clinician-a", "starts_at": at}, headers=auth | {"If-Match": '"1"'})
        assert answer.status_code == status
    assert (answer.json()["error"], answer.json()["current"]["starts_at"], answer.headers["ETag"]) == ("stale_version", TEN, '"2"')


@pytest.mark.parametrize("verb", ["move", "cancel", "confirm", "attended", "no-show"])
def test_without_the_version_nothing_happens(client: TestClient, auth: dict[str, str], made: Made, verb: str) -> None:
    body = {"move": {"calendar": "clinician-a", "starts_at": TEN}, "cancel": {"reason": "Ill"}}.get(verb)
    answer = client.post(f"{URL}/{made().json()['id']}/{verb}", json=body, headers=auth)
    assert (answer.status_code, answer.json()["error"]) == (412, "precondition_failed")


def test_a_change_sent_again_under_its_key_is_made_once(client: TestClient, auth: dict[str, str], made: Made) -> None:
    path, headers = f"{URL}/{made().json()['id']}/cancel", auth | {"If-Match": '"1"', "Idempotency-Key": "abc"}
    first, second = (client.post(path, json={"reason": "Ill"}, headers=headers) for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)


def test_a_visit_is_read_on_record_and_tells_nothing_of_who_it_is(client: TestClient, auth: dict[str, str], made: Made) -> None:
    answer = client.get(f"{URL}/{made().json()['id']}", headers=auth)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert "Rivera" not in answer.text
    with transaction() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "appointment.read"))


def test_lists_follow_each_other_and_end(client: TestClient, auth: dict[str, str], tuesday: object) -> None:
    with transaction() as session:
        ids = [str(booked(session, hour).id) for hour in (9, 10, 11)]
    seen, url = list[str](), f"{URL}?limit=2"
    for _ in range(2):
        answer = client.get(url, headers=auth)
        seen += [each["id"] for each in answer.json()["appointments"]]
        url = answer.links.get("next", {}).get("url", "")
    assert (seen, url) == (ids, "")


def test_a_list_may_be_of_one_lead_or_of_what_has_changed(client: TestClient, auth: dict[str, str], lead: Lead, made: Made) -> None:
    visit = made().json()["id"]
    with transaction() as session:
        other = str(booked(session, 10).id)
    assert [each["id"] for each in client.get(f"{URL}?lead={lead.number}", headers=auth).json()["appointments"]] == [visit]
    assert [each["id"] for each in client.get(URL, headers=auth).json()["appointments"]] == [visit, other]
    assert client.get(f"{URL}?since=2026-10-06T14:00:00Z", headers=auth).json() == {"appointments": []}


def test_an_unknown_visit_is_not_found(client: TestClient, auth: dict[str, str]) -> None:
    answer = client.get(f"{URL}/{UUID(int=7)}", headers=auth)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("GET", SLOTS), ("GET", URL), ("POST", URL)])
def test_each_scope_is_asked_for(client: TestClient, method: str, path: str) -> None:
    body = {"lead": "L-1", "calendar": "clinician-a", "starts_at": NINE} if method == "POST" else None
    answer = client.request(method, path, json=body, headers={"Authorization": f"Bearer {make_key('inquiries:write')}"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("before", "to", "asked", "status", "state"),
    [
        ("qualified", "booked", {}, 409, None),
        ("booked", "qualified", {"reason": "Ill"}, 200, "cancelled"),
        ("booked", "closed", {"outcome": "chose-other-care"}, 200, "cancelled"),
        ("booked", "in_care", {}, 409, "booked"),
    ],
)
def test_a_stage_moved_by_hand_takes_the_visit_along(
    client: TestClient, auth: dict[str, str], lead: Lead, before: str, to: str, asked: dict[str, str], status: int, state: str | None
) -> None:
    with transaction() as session:
        visit = booked(session) if before == "booked" else None
        number = session.get_one(Lead, visit.lead_id).number if visit else lead.number
        version = session.get_one(Lead, visit.lead_id).version if visit else lead.version
    answer = client.post(f"/api/v1/leads/{number}/stage", json={"to": to} | asked, headers=auth | {"If-Match": f'"{version}"'})
    assert answer.status_code == status, answer.text
    found = client.get(f"{URL}?lead={number}", headers=auth).json()["appointments"]
    assert [each["state"] for each in found] == ([state] if state else [])
