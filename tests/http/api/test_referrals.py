"""A practice's system refers a patient and asks what became of it; nobody else's does."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from leads.audit.models import AuditEntry
from leads.db import transaction
from leads.loop.history import walk
from leads.loop.models import Amendment, Referral
from tests.cast import ACTOR
from tests.http.api.conftest import make_key, practice_key
from tests.referrals.cast import raw_referral

URL = "/api/v1/referrals"


@pytest.fixture
def key(database: None, tuesday: object) -> dict[str, str]:
    return practice_key()


def rows(model: type[Any]) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def happen(number: str, *events: str, **details: Any) -> None:
    with transaction() as session:
        referral = session.scalars(select(Referral).where(Referral.serial == int(number[2:]))).one()
        walk(session, referral, events, actor=ACTOR, details=details)


def refer(client: TestClient, key: dict[str, str], headers: dict[str, str] | None = None, **changes: Any) -> Any:
    return client.post(URL, json=raw_referral(**changes), headers=key | (headers or {}))


def other(number: int) -> dict[str, Any]:
    return {"given_name": "Kim", "family_name": f"Stone {chr(64 + number)}", "phone": f"203-555-01{number:02}"}


def test_201_says_number_and_by_when(client: TestClient, key: dict[str, str]) -> None:
    answer = refer(client, key)
    assert (answer.status_code, answer.json()["became"]) == (201, "kept")
    assert answer.json()["expected_by"] == "2026-10-07T17:00:00-04:00"
    assert answer.json()["number"].startswith("R-")


def test_the_same_words_again_are_the_same_referral(client: TestClient, key: dict[str, str]) -> None:
    first, second = refer(client, key), refer(client, key)
    assert (second.status_code, second.json()["became"]) == (200, "kept_before")
    assert (first.json()["id"], rows(Referral)) == (second.json()["id"], 1)


def test_other_words_about_the_same_patient_wait(client: TestClient, key: dict[str, str]) -> None:
    first, second = refer(client, key), refer(client, key, note="Prefers evenings.")
    assert (second.status_code, second.json()["became"], second.json()["id"]) == (202, "waits", first.json()["id"])
    assert (rows(Referral), rows(Amendment)) == (1, 1)


def test_under_an_idempotency_key_it_is_answered_byte_for_byte(client: TestClient, key: dict[str, str]) -> None:
    first, second = (refer(client, key, {"Idempotency-Key": "abc"}) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)


def test_another_body_under_the_idempotency_key_is_refused(client: TestClient, key: dict[str, str]) -> None:
    refer(client, key, {"Idempotency-Key": "abc"})
    answer = refer(client, key, {"Idempotency-Key": "abc"}, note="Prefers evenings.")
    assert (answer.status_code, answer.json()["error"], rows(Amendment)) == (409, "idempotency_conflict", 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": None}, "reason"),
        ({"provider": {"npi": "1234567890", "family_name": "Rivera", "practice": "Riverside", "phone": "203-555-0140"}}, "provider.npi"),
        ({"provider": {"npi": "1234567893", "family_name": "Rivera", "practice": "Riverside"}}, "provider.email"),
        ({"patient": {"given_name": "Jordan", "family_name": "Doe"}}, "patient.phone"),
        ({"contraindications": ["moonlight"]}, "contraindications.0"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_accepted_is_named(client: TestClient, key: dict[str, str], changes: dict[str, Any], field: str) -> None:
    answer = refer(client, key, **changes)
    assert (answer.status_code, answer.json()["errors"][0]["field"], rows(Referral)) == (422, field, 0)


def test_a_key_of_no_practice_refers_nobody(client: TestClient, database: None) -> None:
    key = {"Authorization": f"Bearer {make_key('referrals')}"}
    assert (refer(client, key).json()["error"], client.get(URL, headers=key).json()["error"]) == ("no_practice", "no_practice")


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("GET", ""), ("GET", "/R-000001")])
def test_each_scope_is_asked_for(client: TestClient, method: str, path: str, database: None) -> None:
    key = practice_key("Riverside Psychiatry", "fhir")
    answer = client.request(method, URL + path, json=raw_referral() if method == "POST" else None, headers=key)
    assert (answer.status_code, answer.json()["error"]) == (403, "missing_scope")


def test_one_tells_how_it_stands(client: TestClient, key: dict[str, str]) -> None:
    number = refer(client, key).json()["number"]
    happen(number, "ask", missing=["the last ECG"])
    answer = client.get(f"{URL}/{number}", headers=key)
    assert (answer.json()["state"], answer.json()["missing"], answer.headers["ETag"]) == ("needs_information", ["the last ECG"], '"2"')
    assert [each["event"] for each in answer.json()["history"]] == ["package", "ask"]


def test_it_is_found_by_id_too_and_the_reading_is_on_record(client: TestClient, key: dict[str, str]) -> None:
    told = refer(client, key).json()
    assert client.get(f"{URL}/{told['id']}", headers=key).json()["number"] == told["number"]
    with transaction() as session:
        assert session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "referral.read")).one()


def test_nothing_tells_who_the_patient_is(client: TestClient, key: dict[str, str]) -> None:
    number = refer(client, key).json()["number"]
    told = client.get(f"{URL}/{number}", headers=key).text
    assert not [word for word in ("Jordan", "Doe", "1985", "0123", "jordan@") if word in told]


def test_without_the_patients_grant_it_stays_received(client: TestClient, key: dict[str, str], tuesday: Any) -> None:
    patient = raw_referral()["patient"] | {"consent": {"contact": False}}
    number = refer(client, key, patient=patient).json()["number"]
    before = client.get(f"{URL}/{number}", headers=key)
    tuesday(timedelta(hours=2))
    happen(number, "accept", "schedule")
    after = client.get(f"{URL}/{number}", headers=key)
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


@pytest.mark.parametrize("by", ["id", "number"])
def test_another_practice_finds_nothing(client: TestClient, key: dict[str, str], by: str) -> None:
    told = refer(client, key).json()
    stranger = practice_key("Hillside Family Medicine")
    answer = client.get(f"{URL}/{told[by]}", headers=stranger)
    assert (answer.status_code, client.get(URL, headers=stranger).json()["referrals"]) == (404, [])
    assert client.get(f"{URL}?after={told['number']}", headers=stranger).status_code == 422


def test_since_shows_what_has_changed(client: TestClient, key: dict[str, str], tuesday: Any) -> None:
    numbers = [refer(client, key, patient=other(each)).json()["number"] for each in range(1, 4)]
    since = client.get(URL, headers=key).json()["ask_next_since"]
    tuesday(timedelta(hours=1))
    happen(numbers[1], "accept")
    consented = raw_referral()["patient"] | {"phone": "203-555-0199", "family_name": "Park", "email": "park@example.com"}
    numbers.append(refer(client, key, patient=consented).json()["number"])
    happen(numbers[3], "accept")
    tuesday(timedelta(minutes=5))
    later = client.get(URL, params={"since": since}, headers=key).json()
    # The first three say nothing more: their patients have not allowed it; but they were received within the overlap of a minute.
    assert [each["number"] for each in later["referrals"]] == numbers
    newest = client.get(URL, params={"since": later["referrals"][0]["changed_at"]}, headers=key).json()["referrals"]
    assert [(each["number"], each["state"]) for each in newest] == [(numbers[3], "accepted")]


def test_pages_follow_each_other_and_end(client: TestClient, key: dict[str, str]) -> None:
    numbers = [refer(client, key, patient=other(each)).json()["number"] for each in range(1, 6)]
    seen, url = [], f"{URL}?limit=2"
    while url:
        answer = client.get(url, headers=key)
        seen += [each["number"] for each in answer.json()["referrals"]]
        url = answer.links.get("next", {}).get("url", "").removeprefix("http://127.0.0.1:8000")
    assert seen == numbers


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "after=R-999999", "after=%00", "since=yesterday", "since=2026-10-06T10:00:00"])
def test_a_page_that_cannot_be_is_refused(client: TestClient, key: dict[str, str], query: str) -> None:
    answer = client.get(f"{URL}?{query}", headers=key)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])
