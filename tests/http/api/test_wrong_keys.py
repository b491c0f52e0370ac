"""A stream of wrong keys is put off and asks the database nothing; whoever has a right one elsewhere does not notice."""

import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from config.settings import settings
from leads.http.api import limits
from leads.http.api.limits import WRONG_KEYS_AT_ONCE, Allowance, wrong_keys
from tests.http.api.conftest import practice_key

WRONG = {"Authorization": "Bearer wh_nobody-has-this"}
PATH = "/api/v1/leads"


@pytest.fixture(autouse=True)
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test's client is our proxy, so that a header may say where a request comes from."""
    monkeypatch.setenv("HANDOFF_TRUSTED_PROXIES", "testclient")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def use_up(client: TestClient, *, source: str = "198.51.100.7") -> httpx.Response:
    """Send wrong keys until it is too many, and return the answer to the next."""
    headers = WRONG | {"X-Forwarded-For": source}
    answers = {client.get(PATH, headers=headers).status_code for _ in range(WRONG_KEYS_AT_ONCE)}
    assert answers == {401}
    return client.get(PATH, headers=headers)


def test_a_stream_of_wrong_keys_is_put_off_with_how_long_to_wait(client: TestClient) -> None:
    answer = use_up(client)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert "wrong" in answer.text, answer.text


def test_a_right_key_from_elsewhere_is_unaffected(client: TestClient, auth: dict[str, str]) -> None:
    use_up(client)
    assert client.get(PATH, headers=auth | {"X-Forwarded-For": "203.0.113.9"}).status_code == 200


def test_it_holds_at_the_door_of_fhir_too(client: TestClient) -> None:
    use_up(client)
    answer = client.get("/fhir/Task", headers=practice_key() | {"X-Forwarded-For": "198.51.100.7"})
    assert answer.status_code == 429


def test_right_keys_use_nothing_up(client: TestClient, auth: dict[str, str]) -> None:
    answers = [client.get(PATH, headers=auth).status_code for _ in range(WRONG_KEYS_AT_ONCE + 5)]
    assert set(answers) == {200}


def test_after_a_while_the_source_may_try_again(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    use_up(client)
    later = time.monotonic() + 6
    monkeypatch.setattr(limits.time, "monotonic", lambda: later)
    assert client.get(PATH, headers=WRONG | {"X-Forwarded-For": "198.51.100.7"}).status_code == 401


def test_no_more_sources_are_remembered_than_memory_is_meant_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SOURCES_REMEMBERED", 10)
    allowance = wrong_keys()
    for number in range(50):
        allowance.spend(number)
    assert len(allowance._left) <= 10


def test_asking_whether_there_is_room_takes_none() -> None:
    allowance = Allowance(0.1, burst=1)
    for _ in range(3):
        allowance.need("here")
    allowance.spend("here")
