"""Ready means that everything a mail needs is there; what is missing is said in words."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from fakeredis import TcpFakeServer
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import text

from config.settings import settings
from leads.clock import now, real_now
from leads.db import engine, transaction
from leads.http.ops import checks
from leads.messages.models import LANES, Heartbeat, Message
from leads.messages.outbox import post
from tests.cast import make_confirmed_person
from tests.safety.cast import answer_test, make_roster, put_on_call
from tests.the_app import the_app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(the_app()) as client:
        yield client


@pytest.fixture
def workers(database: None) -> None:
    with transaction() as session:
        session.add_all(Heartbeat(worker=lane, at=real_now()) for lane in LANES)


@pytest.fixture
def redis(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = TcpFakeServer(("127.0.0.1", 0))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setattr(settings(), "redis_url", SecretStr(f"redis://127.0.0.1:{server.server_address[1]}/0"))
    yield
    server.shutdown()
    server.server_close()


def make_due(ago: timedelta) -> Message:
    with transaction() as session:
        person = make_confirmed_person(session)
        return post(session, person.id, "inquiry-received", cause="inquiry", facts={}, due_at=now() - ago)


def failing(answer: httpx.Response) -> dict[str, str]:
    return {name: check["why"] for name, check in answer.json()["checks"].items() if check["needed"] and not check["ok"]}


def test_with_everything_there_it_is_ready(client: TestClient, workers: None, redis: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, failing(answer)) == (200, {})
    assert {"database", "migrations", "redis", "crisis_text", "templates", "sequences", "due:transactional"} < set(answer.json()["checks"])


def test_without_redis_it_says_so(client: TestClient, workers: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "REDIS_URL" in failing(answer)["redis"]


def test_a_redis_that_does_not_answer_takes_no_time(client: TestClient, workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "redis_url", SecretStr("redis://:secret@127.0.0.1:1/0"))
    answer = client.get("/readyz")
    assert "does not answer" in failing(answer)["redis"]
    assert "secret" not in answer.text


def test_without_a_worker_it_is_not_ready(client: TestClient, database: None, redis: None) -> None:
    assert set(failing(client.get("/readyz"))) == {f"worker:{lane}" for lane in LANES}


def test_a_worker_that_went_deaf_is_named(client: TestClient, workers: None, redis: None) -> None:
    with transaction() as session:
        session.execute(text("UPDATE heartbeats SET at = at - interval '5 minutes' WHERE worker = 'reminder'"))
    assert list(failing(client.get("/readyz"))) == ["worker:reminder"]


@pytest.mark.parametrize(("ago", "expected"), [(timedelta(seconds=30), []), (timedelta(minutes=5), ["due:transactional"])])
def test_a_mail_that_waits_too_long_is_told(client: TestClient, workers: None, redis: None, ago: timedelta, expected: list[str]) -> None:
    make_due(ago)
    assert list(failing(client.get("/readyz"))) == expected


def test_a_missing_migration_is_told(client: TestClient, workers: None, redis: None) -> None:
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    assert list(failing(client.get("/readyz"))) == ["migrations"]


def test_templates_that_cannot_be_read_are_told(client: TestClient, workers: None, redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "catalogue", dict)
    assert list(failing(client.get("/readyz"))) == ["templates"]


def test_without_a_database_it_is_up_and_not_ready(client: TestClient, postgres: str, redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    engine().dispose()
    monkeypatch.setattr(settings(), "database_url", SecretStr("postgresql://nobody:secret@127.0.0.1:1/none"))
    engine.cache_clear()
    try:
        assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
        answer = client.get("/readyz")
        assert list(failing(answer)) == ["database"]
        assert "secret" not in answer.text
        assert "handoff_database_up 0.0" in client.get("/metrics").text
    finally:
        engine.cache_clear()


def test_with_nobody_on_call_it_says_so_loudly_and_stays_on_the_air(client: TestClient, workers: None, redis: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["on_call"]["ok"] is False
    assert "on_call: NOBODY IS ON CALL: there is no roster" in answer.json()["warnings"][0]


def test_a_roster_nobody_has_tested_is_as_loud(
    client: TestClient, workers: None, redis: None, tuesday: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        alba = make_roster(session)[0]
    put_on_call(monkeypatch, "alba@example.com")
    assert "ANSWERED A TEST OF LATE" in client.get("/readyz").json()["warnings"][0]
    with transaction() as session:
        answer_test(session, session.merge(alba))
    answer = client.get("/readyz").json()
    assert (answer["checks"]["on_call"]["ok"], answer["warnings"]) == (True, [])
