"""A machine reads what became of leads and moves them on, on record."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.audit.models import AuditEntry
from leads.db import transaction
from leads.pipeline.models import Lead
from tests.cast import make_confirmed_person, make_lead
from tests.http.api.conftest import make_key

URL = "/api/v1/leads"
SUMMARY = {"number", "id", "stage", "office", "opened_at", "expected_by", "reached_at", "closed_at", "outcome", "version"}


@pytest.fixture
def lead(database: None, tuesday: object) -> Lead:
    with transaction() as session:
        return make_lead(session)


def actions() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_list_tells_nothing_about_who_it_is(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    answer = client.get(URL, headers=auth)
    assert set(answer.json()["leads"][0]) == SUMMARY
    assert "Rivera" not in answer.text
    assert actions()[-1] == "leads.listed"


def test_times_bear_the_offset_of_the_office(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    shown = client.get(URL, headers=auth).json()["leads"][0]
    assert (shown["opened_at"], shown["expected_by"]) == ("2026-10-06T10:00:00-04:00", "2026-10-07T18:00:00-04:00")


def test_pages_follow_each_other_and_end(client: TestClient, auth: dict[str, str]) -> None:
    with transaction() as session:
        person = make_confirmed_person(session)
        numbers = [make_lead(session, person, stage="closed").number for _ in range(5)]
    seen, url = [], f"{URL}?limit=2"
    for _ in range(3):
        answer = client.get(url, headers=auth)
        seen += [each["number"] for each in answer.json()["leads"]]
        url = answer.links.get("next", {}).get("url", "")
    assert (seen, url) == (numbers, "")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=L-999999", "after=%00", "after='"])
def test_a_page_that_cannot_be_is_refused(client: TestClient, auth: dict[str, str], query: str) -> None:
    answer = client.get(f"{URL}?{query}", headers=auth)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_one_lead_tells_who_it_is_and_the_reading_is_on_record(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    answer = client.get(f"{URL}/{lead.number}", headers=auth)
    assert answer.json()["person"]["family_name"] == "Rivera"
    assert answer.headers["ETag"] == '"1"'
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read")).one()
        assert (entry.subject_id, entry.actor.partition(":")[0]) == (lead.person_id, "key")


def test_an_unknown_lead_is_not_found(client: TestClient, auth: dict[str, str]) -> None:
    answer = client.get(f"{URL}/L-999999", headers=auth)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_lead_is_moved_at_the_version_that_was_read(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    answer = client.post(f"{URL}/{lead.number}/stage", json={"to": "contacted"}, headers=auth | {"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["stage"], answer.headers["ETag"]) == (200, "contacted", '"2"')
    assert "lead.moved" in actions()


@pytest.mark.parametrize("header", [{}, {"If-Match": "*"}, {"If-Match": "1"}, {"If-Match": '"x"'}])
def test_without_the_version_nothing_moves(client: TestClient, auth: dict[str, str], lead: Lead, header: dict[str, str]) -> None:
    answer = client.post(f"{URL}/{lead.number}/stage", json={"to": "contacted"}, headers=auth | header)
    assert (answer.status_code, answer.json()["error"]) == (412, "precondition_failed")


def test_who_comes_too_late_gets_the_newer_state(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    header = auth | {"If-Match": '"1"'}
    client.post(f"{URL}/{lead.number}/stage", json={"to": "contacted"}, headers=header)
    answer = client.post(f"{URL}/{lead.number}/stage", json={"to": "screening"}, headers=header)
    assert (answer.status_code, answer.json()["error"]) == (409, "stale_version")
    assert (answer.json()["current"]["stage"], answer.headers["ETag"]) == ("contacted", '"2"')


def test_a_move_sent_again_under_its_key_is_made_once(client: TestClient, auth: dict[str, str], lead: Lead) -> None:
    header = auth | {"If-Match": '"1"', "Idempotency-Key": "abc"}
    first, second = (client.post(f"{URL}/{lead.number}/stage", json={"to": "contacted"}, headers=header) for _ in range(2))
    assert (first.status_code, first.content, first.headers["ETag"]) == (200, second.content, second.headers["ETag"])


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"to": "in_care"}, 409, "not_allowed_now"),
        ({"to": "closed"}, 422, "invalid"),
        ({"to": "closed", "outcome": "bored"}, 422, "invalid"),
        ({"to": "moon"}, 422, "invalid"),
        ({"stage": "contacted"}, 422, "invalid"),
    ],
)
def test_a_move_that_cannot_be_says_why(
    client: TestClient, auth: dict[str, str], lead: Lead, asked: object, status: int, code: str
) -> None:
    answer = client.post(f"{URL}/{lead.number}/stage", json=asked, headers=auth | {"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_what_only_a_clinician_may_do_is_refused(client: TestClient, auth: dict[str, str]) -> None:
    with transaction() as session:
        lead = make_lead(session, stage="screening")
    answer = client.post(f"{URL}/{lead.number}/stage", json={"to": "qualified"}, headers=auth | {"If-Match": '"1"'})
    assert answer.status_code == 403
    assert "clinician" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "scope"), [("GET", "", "leads:read"), ("GET", "/L-1", "leads:read"), ("POST", "/L-1/stage", "leads:write")]
)
def test_each_scope_is_asked_for(client: TestClient, method: str, path: str, scope: str) -> None:
    header = {"Authorization": f"Bearer {make_key('inquiries:write')}"}
    answer = client.request(method, URL + path, json={"to": "contacted"} if method == "POST" else None, headers=header)
    assert answer.status_code == 403
    assert scope in answer.json()["message"]
