"""Each state of ours is the Task, business status and ServiceRequest the guides say, and no more than the patient allowed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.audit.models import AuditEntry
from leads.clinic.profile import clinic
from leads.db import transaction
from leads.http.fhir.codes import BSER, COW, TASK_CODE
from leads.http.fhir.parse import parse
from leads.loop.models import Referral
from leads.providers.models import Practice
from tests.http.fhir.cast import PLACER, bundle
from tests.http.fhir.conftest import Send, business, get, happen, id_in

pytestmark = pytest.mark.usefixtures("tells_all")
VISIT = {"at": "2026-10-20T09:00:00-04:00"}
# What we do to get there, and what FHIR then shows: Task.status, businessStatus, ServiceRequest.status.
SHOWN = [
    ([], "received", (BSER, "2.0"), "active"),
    (["ask"], "on-hold", (COW, "awaiting-information"), "active"),
    (["accept"], "accepted", (BSER, "3.0"), "active"),
    (["decline"], "rejected", (BSER, "4.0"), "active"),
    (["accept", "schedule"], "in-progress", (BSER, "5.1.1"), "active"),
    (["accept", "schedule", "reschedule"], "in-progress", (BSER, "5.1.1"), "active"),
    (["accept", "schedule", "no_show"], "in-progress", (BSER, "5.1.2"), "active"),
    (["accept", "schedule", "cancel_visit"], "in-progress", (BSER, "5.1.3"), "active"),
    (["accept", "schedule", "interim"], "in-progress", (BSER, "5.1.4"), "active"),
    (["cancel_request"], "in-progress", (BSER, "5.2"), "active"),
    (["cancel_request", "confirm_cancel"], "cancelled", (BSER, "6.0"), "revoked"),
    (["accept", "outcome"], "completed", (BSER, "7.0"), "active"),
]


@pytest.mark.parametrize(("events", "status", "code", "request_status"), SHOWN)
def test_each_state_is_shown_as_the_guides_say(
    client: TestClient, auth: dict[str, str], task_id: str, events: list[str], status: str, code: tuple[str, str], request_status: str
) -> None:
    happen(task_id, *events)
    task = get(client, auth, f"Task/{task_id}")
    request = get(client, auth, f"ServiceRequest/{task_id}", "ServiceRequest")
    assert (task["status"], business(task), request["status"]) == (status, code, request_status)


def test_a_task_says_what_it_is_about(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    task = get(client, auth, f"Task/{task_id}")
    assert task["code"]["coding"][0] == {"system": TASK_CODE, "code": "fulfill", "display": "Fulfill the focal request"}
    assert (task["intent"], task["focus"]["reference"], task["priority"]) == ("order", f"ServiceRequest/{task_id}", "urgent")
    assert task["restriction"]["period"]["end"] == "2026-10-07T21:00:00.000+00:00"


def test_whom_it_names_can_be_read(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    task = get(client, auth, f"Task/{task_id}")
    practitioner = get(client, auth, task["requester"]["reference"], "Practitioner")
    assert practitioner["identifier"][0]["value"] == "1234567893"
    assert get(client, auth, task["owner"]["reference"], "Organization")["name"] == clinic().practice.name


def test_both_identifiers_are_there(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    request = get(client, auth, f"ServiceRequest/{task_id}", "ServiceRequest")
    theirs, ours = request["identifier"]
    assert [each["type"]["coding"][0]["code"] for each in (theirs, ours)] == ["PLAC", "FILL"]
    assert ((theirs["system"], theirs["value"]), ours["value"][:2]) == (PLACER, "R-")


def test_a_booked_visit_is_an_output(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    happen(task_id, "accept", "schedule", **VISIT)
    task = get(client, auth, f"Task/{task_id}")
    assert task["output"][0]["valueReference"] == {"reference": "#visit", "type": "Appointment"}
    assert (task["contained"][0]["status"], task["contained"][0]["start"]) == ("booked", "2026-10-20T13:00:00.000+00:00")


def test_what_is_asked_stands_in_the_reason(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    happen(task_id, "ask", missing=["the last ECG", "doses"], note="By fax is fine.")
    task = get(client, auth, f"Task/{task_id}")
    assert task["statusReason"]["text"] == "the last ECG; doses"
    assert task["note"] == [{"text": "By fax is fine."}]


def test_a_decline_has_a_code_and_says_where_to_turn(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    happen(task_id, "decline", reason="not-a-fit", destination="psychiatry", note="Thank you for writing.")
    task = get(client, auth, f"Task/{task_id}")
    assert task["statusReason"]["coding"][0]["code"] == "not-a-fit"
    assert [each["text"] for each in task["note"]] == ["Thank you for writing.", "Please consider: A general psychiatry clinic"]


def test_a_completed_task_has_an_output(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    happen(task_id, "accept", "outcome", outcome="started-care")
    assert get(client, auth, f"Task/{task_id}")["output"][0]["valueString"]


def test_history_is_every_version_the_newest_first(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    happen(task_id, "accept", "schedule")
    entries = get(client, auth, f"Task/{task_id}/_history", "Bundle")["entry"]
    assert [each["resource"]["status"] for each in entries] == ["in-progress", "accepted", "requested"]
    assert [each["response"]["etag"] for each in entries] == ['W/"3"', 'W/"2"', 'W/"1"']


def test_the_etag_is_the_version(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    happen(task_id, "accept")
    answer = client.get(f"/fhir/Task/{task_id}", headers=auth)
    assert (answer.headers["ETag"], answer.json()["meta"]["versionId"]) == ('W/"2"', "2")


def test_each_reading_is_on_record(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    get(client, auth, f"Task/{task_id}")
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "referral.read")).one()
        assert (str(entry.subject_id), entry.actor[:4]) == (task_id, "key:")


def test_without_the_patients_grant_it_is_received_for_ever(client: TestClient, auth: dict[str, str], send: Send, tuesday: Any) -> None:
    task_id = id_in(send(bundle(("consent",))))
    before = readings(client, auth, task_id)
    tuesday(timedelta(hours=3))
    happen(task_id, "accept", "schedule", **VISIT)
    assert readings(client, auth, task_id) == before
    assert before[0]["status"] == "received"


def readings(client: TestClient, auth: dict[str, str], task_id: str) -> list[dict[str, Any]]:
    paths = ((f"Task/{task_id}", "Task"), (f"ServiceRequest/{task_id}", "ServiceRequest"), (f"Task/{task_id}/_history", "Bundle"))
    return [get(client, auth, path, kind) for path, kind in paths]


def test_at_attendance_a_visit_has_no_date(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    with transaction() as session:
        session.scalars(select(Practice)).one().disclosure = "attendance"
    happen(task_id, "accept", "schedule", **VISIT)
    task = get(client, auth, f"Task/{task_id}")
    assert (task["output"][0]["valueString"], "contained" in task) == ("Visit booked", False)
    assert "2026-10-20" not in str(task)


def test_what_part_2_protects_is_not_repeated(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    shown = get(client, auth, f"ServiceRequest/{task_id}", "ServiceRequest")
    with transaction() as session:
        session.scalars(select(Referral)).one().part2 = True
    assert "reasonCode" in shown
    assert "reasonCode" not in get(client, auth, f"ServiceRequest/{task_id}", "ServiceRequest")


def test_nothing_tells_who_the_patient_is(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    # Without the ids, in which any four digits may stand by chance.
    told = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", str(readings(client, auth, task_id)))
    assert not [word for word in ("Jordan", "Doe", "1985", "0123", "jordan@") if word in told]


@pytest.mark.parametrize("path", ["Task/{id}", "Task/{id}/_history", "ServiceRequest/{id}"])
def test_another_practice_finds_nothing(client: TestClient, stranger: dict[str, str], task_id: str, path: str) -> None:
    answer = client.get(f"/fhir/{path.format(id=task_id)}", headers=stranger)
    unknown = client.get(f"/fhir/{path.format(id='0192a000-0000-7000-8000-000000000000')}", headers=stranger)
    assert (answer.status_code, answer.json()) == (404, unknown.json())


def test_another_practices_people_are_not_found(client: TestClient, auth: dict[str, str], stranger: dict[str, str], task_id: str) -> None:
    reference = get(client, auth, f"Task/{task_id}")["requester"]["reference"]
    assert client.get(f"/fhir/{reference}", headers=stranger).status_code == 404


@pytest.mark.parametrize("path", ["Task/x", "Task/%00", "ServiceRequest/1", "Practitioner/x", "Organization/x", "Patient/1", "Moon"])
def test_what_is_not_there_is_said_in_an_outcome(client: TestClient, auth: dict[str, str], path: str) -> None:
    answer = client.get(f"/fhir/{path}", headers=auth)
    assert (answer.status_code, parse(answer.content, "OperationOutcome")["issue"][0]["code"]) == (404, "not-found")


def test_the_wrong_method_says_which_there_are(client: TestClient, auth: dict[str, str], task_id: str) -> None:
    answer = client.delete(f"/fhir/Task/{task_id}", headers=auth)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PUT")
    assert parse(answer.content, "OperationOutcome")["issue"][0]["code"] == "not-supported"
