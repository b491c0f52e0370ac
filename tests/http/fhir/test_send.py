"""A transaction Bundle becomes a referral, once, or is refused with an OperationOutcome."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from leads.db import transaction
from leads.http.fhir.parse import parse
from leads.loop.models import Amendment, Attachment, Referral
from tests.http.fhir.cast import PDF, PLACER, bundle, placer
from tests.http.fhir.conftest import Send, id_in, key_of

MOON = b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Moon"}}]}'


def rows(model: type[Any]) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def issues(answer: Any) -> list[Any]:
    assert answer.headers["content-type"] == "application/fhir+json"
    return list(parse(answer.content, "OperationOutcome")["issue"])


def test_a_bundle_becomes_a_referral(send: Send) -> None:
    answer = send()
    assert parse(answer.content, "Bundle")["type"] == "transaction-response"
    with transaction() as session:
        referral = session.scalars(select(Referral)).one()
        assert (str(referral.id), referral.channel, referral.urgency) == (id_in(answer), "fhir", "urgent")
        assert referral.placer == {"system": PLACER[0], "value": PLACER[1]}
        assert referral.is_verified


def test_each_entry_is_answered_in_its_order(send: Send) -> None:
    answers = [each["response"] for each in send().json()["entry"]]
    statuses = [each["status"] for each in answers]
    assert statuses == ["202 Accepted"] * 7 + ["201 Created"] * 2
    assert (answers[-1]["etag"], answers[-1]["lastModified"]) == ('W/"1"', "2026-10-06T14:00:00.000+00:00")


def letter(data: str) -> dict[str, Any]:
    attached = [{"attachment": {"contentType": "application/pdf", "title": "letter.pdf", "data": data}}]
    return {"resourceType": "DocumentReference", "status": "current", "content": attached}


def test_a_document_is_kept_with_the_referral(send: Send) -> None:
    task_id = id_in(send(bundle(letter=letter(PDF))))
    with transaction() as session:
        kept = session.scalars(select(Attachment)).one()
        assert (str(kept.referral_id), kept.name, kept.media_type) == (task_id, "letter.pdf", "application/pdf")


def test_a_document_that_is_none_keeps_nothing(send: Send) -> None:
    answer = send(bundle(letter=letter("AAAA")))
    assert (answer.status_code, rows(Referral)) == (422, 0)
    assert issues(answer)[0]["expression"] == ["Bundle.entry[9].resource.content[0].attachment"]


def test_the_same_again_is_the_same(send: Send) -> None:
    first, second = send(), send()
    assert (id_in(first), rows(Referral), rows(Amendment)) == (id_in(second), 1, 0)
    assert second.json()["entry"][-1]["response"]["status"] == "200 OK"


def test_the_same_under_if_none_exist_is_the_same(send: Send) -> None:
    first = send()
    second = send(bundle(request={"identifier": None}), If_None_Exist=f"identifier={PLACER[0]}|{PLACER[1]}")
    assert (id_in(first), rows(Referral)) == (id_in(second), 1)


def test_other_content_under_the_same_identifier_waits_for_a_person(send: Send) -> None:
    task_id = id_in(send())
    answer = send(bundle(request={"note": [{"text": "Prefers evenings."}]}))
    assert (answer.status_code, issues(answer)[0]["code"]) == (409, "duplicate")
    assert answer.headers["Location"].endswith(f"/fhir/Task/{task_id}")
    assert (rows(Referral), rows(Amendment)) == (1, 1)


def test_the_same_identifier_of_another_practice_is_another_referral(client: TestClient, send: Send, stranger: dict[str, str]) -> None:
    first = send()
    second = client.post("/fhir", json=bundle(), headers=stranger)
    assert id_in(first) != id_in(second)


def test_a_second_order_for_the_same_patient_by_the_same_clinician_waits_too(send: Send) -> None:
    send()
    answer = send(bundle(request={"identifier": [placer(value="ORD-8")], "priority": "routine"}))
    assert (answer.status_code, rows(Amendment)) == (409, 1)


def test_the_base_may_end_with_a_slash(client: TestClient, auth: dict[str, str]) -> None:
    assert client.post("/fhir/", json=bundle(), headers=auth).status_code == 200


def test_what_cannot_be_accepted_is_named(send: Send) -> None:
    answer = send(bundle(patient={"birthDate": "2015-01-01"}))
    assert (answer.status_code, rows(Referral)) == (422, 0)
    assert issues(answer)[0]["expression"] == ["Bundle.entry[0].resource.birthDate"]


def test_what_the_schema_refuses_is_named(send: Send) -> None:
    answer = send(bundle(patient={"birthDate": "21/07/1985", "gender": 3}))
    assert {each["expression"][0] for each in issues(answer)} == {"Bundle.entry[0].resource.birthDate", "Bundle.entry[0].resource.gender"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"resourceType": "Patient"}',
        b"[" * 100_000,
        b"\xff",
        b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Moon"}}]}',
    ],
)
def test_what_cannot_be_read_is_malformed(client: TestClient, auth: dict[str, str], body: bytes) -> None:
    answer = client.post("/fhir", content=body, headers=auth | {"Content-Type": "application/fhir+json"})
    assert (answer.status_code, issues(answer)[0]["severity"]) == (400, "error")


def test_deep_nesting_ends_in_words(client: TestClient, auth: dict[str, str]) -> None:
    item: dict[str, Any] = {"linkId": "0"}
    for _ in range(300):
        item = {"linkId": "1", "item": [item]}
    sent = bundle(form={"resourceType": "QuestionnaireResponse", "status": "completed", "item": [item]})
    answer = client.post("/fhir", content=json.dumps(sent), headers=auth | {"Content-Type": "application/fhir+json"})
    assert answer.status_code in (200, 400, 422)


@pytest.mark.parametrize("kind", ["batch", "message", "searchset"])
def test_only_a_transaction_is_taken(send: Send, kind: str) -> None:
    assert send(bundle() | {"type": kind}).status_code == 422


def test_another_media_type_is_refused(client: TestClient, auth: dict[str, str]) -> None:
    answer = client.post("/fhir", content=b"<Bundle/>", headers=auth | {"Content-Type": "application/fhir+xml"})
    assert (answer.status_code, issues(answer)[0]["code"]) == (400, "structure")


def test_too_large_a_body_is_refused(client: TestClient, auth: dict[str, str]) -> None:
    headers = auth | {"Content-Type": "application/fhir+json", "Content-Length": str(29 * 1024 * 1024)}
    answer = client.post("/fhir", content=b"{}", headers=headers)
    assert (answer.status_code, issues(answer)[0]["code"]) == (413, "too-long")


def test_without_a_key_nobody_is_answered(client: TestClient) -> None:
    answer = client.post("/fhir", json=bundle())
    assert (answer.status_code, answer.headers["WWW-Authenticate"], issues(answer)[0]["code"]) == (401, "Bearer", "login")


def test_a_key_for_something_else_is_refused(client: TestClient, database: None) -> None:
    answer = client.post("/fhir", json=bundle(), headers=key_of("Riverside Psychiatry", "referrals"))
    assert (answer.status_code, issues(answer)[0]["code"]) == (403, "forbidden")


@pytest.mark.committed
def test_sent_four_times_at_once_it_is_one(client: TestClient, auth: dict[str, str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/fhir", json=bundle(), headers=auth), range(4)))
    assert len({id_in(each) for each in answers}) == 1
    assert rows(Referral) == 1
