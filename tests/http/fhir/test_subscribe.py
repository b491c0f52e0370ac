"""A practice subscribes to news of its referrals: at listed hosts or verified addresses only, with ids and nothing else."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.db import transaction
from leads.http.fhir.parse import parse
from leads.loop.models import Subscription
from leads.loop.web_hook import is_public
from leads.messages.models import Message
from tests.http.fhir.conftest import Send, get, happen, id_in, wish
from tests.http.fhir.https_server import Hooks

CONTENT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content"


def state() -> str:
    with transaction() as session:
        return session.scalars(select(Subscription.state)).one()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
        "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "nonsense",
    ],
)  # fmt: skip
def test_what_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_public_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://ehr.example.com/hooks", "https://other.example.com/", "https://ehr.example.com:8443/", "https://u:p@ehr.example.com/",
        "https://ehr.example.com@evil.test/", "https://ehr.example.com/a b", "https://ehr.example.com/#x", "https://127.0.0.1/",
        "https://ehr.example.com.evil.test/", "https://ehr.example.com\\@evil.test/", "ftp://ehr.example.com/", "https://[::1]/", "https://:443/",
    ],
)  # fmt: skip
def test_only_listed_hosts_over_https(client: TestClient, auth: dict[str, str], hooks: Hooks, endpoint: str) -> None:
    answer = client.post("/fhir/Subscription", json=wish(endpoint), headers=auth)
    issue = parse(answer.content, "OperationOutcome")["issue"][0]
    assert (answer.status_code, "Subscription" in issue["expression"][0]) == (422, True)


def test_a_listed_host_is_taken(client: TestClient, auth: dict[str, str], hooks: Hooks) -> None:
    assert client.post("/fhir/Subscription", json=wish("https://EHR.example.com/hooks"), headers=auth).status_code == 201


@pytest.mark.parametrize("header", ["Host: evil.test", "X: a\r\nY: b", "no colon", "Content-Length: 5", "Ünï: x"])
def test_headers_that_cannot_be_sent_are_refused(client: TestClient, auth: dict[str, str], hooks: Hooks, header: str) -> None:
    assert client.post("/fhir/Subscription", json=wish(hooks.url, header=[header]), headers=auth).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"criteria": "Patient?name=Doe"},
        {"channel": {"type": "sms", "endpoint": "tel:2035550123"}},
        {"channel": wish("x")["channel"] | {"_payload": {"extension": [{"url": CONTENT, "valueCode": "full-resource"}]}}},
    ],
)
def test_what_we_do_not_do_is_refused(client: TestClient, auth: dict[str, str], hooks: Hooks, changes: dict[str, Any]) -> None:
    assert client.post("/fhir/Subscription", json=wish(hooks.url) | changes, headers=auth).status_code == 422


def test_secrets_are_not_shown_again(client: TestClient, auth: dict[str, str], subscribed: str) -> None:
    shown = get(client, auth, f"Subscription/{subscribed}", "Subscription")
    assert shown["channel"]["header"] == ["Authorization: ***"]


def test_another_practice_sees_and_ends_nothing(
    client: TestClient, auth: dict[str, str], stranger: dict[str, str], subscribed: str
) -> None:
    path = f"/fhir/Subscription/{subscribed}"
    assert (client.get(path, headers=stranger).status_code, client.delete(path, headers=stranger).status_code) == (404, 404)
    assert get(client, stranger, "Subscription", "Bundle")["total"] == 0
    assert get(client, auth, "Subscription", "Bundle")["total"] == 1


def test_ten_are_enough(client: TestClient, auth: dict[str, str], hooks: Hooks) -> None:
    statuses = [client.post("/fhir/Subscription", json=wish(hooks.url), headers=auth).status_code for _ in range(11)]
    assert statuses == [201] * 10 + [409]


def test_mail_goes_to_a_verified_address_of_the_practice(client: TestClient, auth: dict[str, str], send: Send) -> None:
    task_id = id_in(send())
    answer = client.post("/fhir/Subscription", json=wish("mailto:rivera@riverside.test", "email"), headers=auth)
    assert (answer.status_code, answer.json()["status"]) == (201, "active")
    happen(task_id, "accept")
    with transaction() as session:
        mail = session.scalars(select(Message).where(Message.template == "referral-news")).one()
        assert (mail.provider_id is not None, set(mail.facts or {})) == (True, {"number"})


@pytest.mark.parametrize("address", ["mailto:somebody@example.com", "mailto:", "rivera@hillside.test", "mailto:x"])
def test_mail_goes_nowhere_else(client: TestClient, auth: dict[str, str], send: Send, address: str) -> None:
    send()
    assert client.post("/fhir/Subscription", json=wish(address, "email"), headers=auth).status_code == 422
