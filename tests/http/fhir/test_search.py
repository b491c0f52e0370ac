"""Searches find a practice's own Tasks by what is shown of them, page by page, and not too often."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.db import transaction
from leads.http.fhir.codes import NPI
from leads.http.fhir.parse import parse
from leads.loop.models import Referral
from leads.providers.models import Practice, Provider
from tests.http.fhir.cast import bundle, placer
from tests.http.fhir.conftest import Send, happen, id_in

OTHER_NPI = "1245319599"


@pytest.fixture
def task_ids(send: Send) -> list[str]:
    """Three Tasks, for three patients; the third by another clinician, without the patient's grant."""
    third = bundle(
        ("consent",),
        patient={"name": [{"family": "Stone", "given": ["Kim"]}], "birthDate": "1970-01-01", "telecom": phone("203-555-0177")},
        clinician={"identifier": [{"system": NPI, "value": OTHER_NPI}]},
        request={"identifier": [placer(value="ORD-9")]},
    )
    second = bundle(
        patient={"name": [{"family": "Park", "given": ["Lee"]}], "birthDate": "1960-01-01", "telecom": phone("203-555-0166")},
        request={"identifier": [placer(value="ORD-8")]},
    )
    return [id_in(send(each)) for each in (bundle(), second, third)]


def phone(number: str) -> list[dict[str, str]]:
    return [{"system": "phone", "value": number}]


def search(client: TestClient, auth: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = client.get("/fhir/Task", params={name.replace("__", ":"): value for name, value in asked.items()}, headers=auth)
    assert answer.status_code == 200, answer.text
    return parse(answer.content, "Bundle")


def found(client: TestClient, auth: dict[str, str], **asked: Any) -> list[str]:
    return [each["resource"]["id"] for each in search(client, auth, **asked).get("entry", ())]


def test_all_of_the_practices_come_in_their_order(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    assert found(client, auth) == task_ids


def test_another_practice_finds_none(client: TestClient, stranger: dict[str, str], task_ids: list[str]) -> None:
    assert found(client, stranger) == []
    assert found(client, stranger, _id=",".join(task_ids)) == []


def test_status_is_what_is_shown(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    happen(task_ids[0], "accept")
    happen(task_ids[2], "accept")
    assert found(client, auth, status="accepted") == task_ids[:1]
    assert found(client, auth, status="received") == task_ids[1:]
    assert found(client, auth, status="accepted,received") == task_ids


@pytest.mark.parametrize("status", ["completed", "moon", ","])
def test_a_status_that_none_has_finds_none(client: TestClient, auth: dict[str, str], task_ids: list[str], status: str) -> None:
    assert found(client, auth, status=status) == []


def test_what_is_new_is_found_and_what_may_not_be_known_is_not(
    client: TestClient, auth: dict[str, str], task_ids: list[str], tuesday: Any
) -> None:
    before = search(client, auth)["entry"][0]["resource"]["meta"]["lastUpdated"]
    tuesday(timedelta(hours=1))
    happen(task_ids[1], "accept")
    happen(task_ids[2], "accept")
    assert found(client, auth, _lastUpdated=f"gt{before}") == task_ids[1:2]


def test_the_bundle_says_from_when_to_ask_next(client: TestClient, auth: dict[str, str], task_ids: list[str], tuesday: Any) -> None:
    # A minute early: what was being written while we looked bears an earlier moment.
    assert search(client, auth)["meta"]["lastUpdated"] == "2026-10-06T13:59:00.000+00:00"


def test_a_clinicians_are_found_by_reference_and_by_npi(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    with transaction() as session:
        other = session.scalars(select(Provider.id).where(Provider.npi == OTHER_NPI)).one()
        practice = session.scalars(select(Practice.id)).one()
    assert found(client, auth, requester=f"Practitioner/{other}") == task_ids[2:]
    assert found(client, auth, requester__identifier=f"{NPI}|{OTHER_NPI}") == task_ids[2:]
    assert found(client, auth, requester=f"Organization/{practice}", _id=",".join(task_ids)) == task_ids


def test_a_requester_of_somebody_else_finds_none(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    assert found(client, auth, requester=f"Practitioner/{task_ids[0]}") == []
    assert found(client, auth, requester="me") == []


def test_every_task_is_ours_to_do(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    assert found(client, auth, owner="Organization/clinic") == task_ids
    assert found(client, auth, owner="Organization/other") == []


def test_one_is_found_by_its_request(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    assert found(client, auth, focus=f"ServiceRequest/{task_ids[1]}") == task_ids[1:2]
    assert found(client, auth, focus=f"ServiceRequest/{task_ids[1]}", _id=task_ids[0]) == []


def test_requests_are_included_where_asked_for(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    entries = search(client, auth, _include="Task:focus", _id=task_ids[0])["entry"]
    assert [(each["resource"]["resourceType"], each["search"]["mode"]) for each in entries] == [
        ("Task", "match"),
        ("ServiceRequest", "include"),
    ]


def test_pages_follow_each_other_and_end(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    first = search(client, auth, _count=2)
    onward = next(each["url"] for each in first["link"] if each["relation"] == "next")
    second = parse(client.get(onward.partition("127.0.0.1:8000")[2], headers=auth).content, "Bundle")
    pages = [[each["resource"]["id"] for each in page["entry"]] for page in (first, second)]
    assert pages == [task_ids[:2], task_ids[2:]]
    assert [each["relation"] for each in second["link"]] == ["self"]


def test_a_count_of_none_is_none(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    assert found(client, auth, _count=0) == []


def test_what_we_do_not_know_is_left_out_and_the_link_says_so(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    link = search(client, auth, colour="blue", status="received")["link"][0]
    assert link == {"relation": "self", "url": "http://127.0.0.1:8000/fhir/Task?status=received"}


@pytest.mark.parametrize("asked", [{"_count": "x"}, {"_count": "-1"}, {"_lastUpdated": "gtyesterday"}, {"_lastUpdated": "lt2026-10-06"}])
def test_a_value_that_cannot_be_is_named(client: TestClient, auth: dict[str, str], asked: dict[str, str]) -> None:
    answer = client.get("/fhir/Task", params=asked, headers=auth)
    issue = parse(answer.content, "OperationOutcome")["issue"][0]
    assert (answer.status_code, issue["expression"]) == (422, [f"Task.{next(iter(asked))}"])


@pytest.mark.parametrize("moment", ["gt2026-10-06", "gt2026-10-06T14:00:00Z", "ge2026-10-06T10:00:00-04:00", "gt2026-10-06T14:00:00 00:00"])
def test_moments_may_be_written_as_people_write_them(client: TestClient, auth: dict[str, str], moment: str) -> None:
    assert client.get("/fhir/Task", params={"_lastUpdated": moment}, headers=auth).status_code == 200


def test_who_polls_too_often_is_told_when(client: TestClient, auth: dict[str, str]) -> None:
    statuses = [client.get("/fhir/Task", headers=auth).status_code for _ in range(5)]
    answer = client.get("/fhir/Task", headers=auth)
    assert statuses == [200] * 4 + [429]
    assert (answer.headers["Retry-After"], parse(answer.content, "OperationOutcome")["issue"][0]["code"]) == ("900", "throttled")


def test_looking_at_one_task_is_no_poll(client: TestClient, auth: dict[str, str], task_ids: list[str]) -> None:
    assert [client.get(f"/fhir/Task?_id={task_ids[0]}", headers=auth).status_code for _ in range(6)] == [200] * 6


def test_a_changed_serial_is_no_way_to_others(
    client: TestClient, auth: dict[str, str], stranger: dict[str, str], task_ids: list[str]
) -> None:
    with transaction() as session:
        serial = session.scalars(select(Referral.serial).where(Referral.id == task_ids[0])).one()
    assert found(client, stranger, _after=str(serial - 1)) == []
