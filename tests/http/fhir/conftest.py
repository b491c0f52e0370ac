"""Two practices with a key each, and the server they talk to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from config.settings import settings
from leads.clinic.profile import clinic
from leads.db import transaction
from leads.http.fhir.parse import parse
from leads.loop import disclosure, web_hook
from leads.loop.history import walk
from leads.loop.models import Referral
from leads.providers.practices import create_practice_key
from tests.cast import ACTOR
from tests.http.fhir.cast import bundle
from tests.http.fhir.https_server import Hooks, https_server
from tests.the_app import the_app

Send = Callable[..., httpx.Response]


def key_of(practice: str, *scopes: str) -> dict[str, str]:
    """The header of a new key of this practice."""
    with transaction() as session:
        text = create_practice_key(session, practice, scopes or ("fhir",))[1]
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def client(database: None, tuesday: object) -> Iterator[TestClient]:
    """The app, on a Tuesday; what breaks in it is answered, not raised."""
    with TestClient(the_app(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def auth(database: None) -> dict[str, str]:
    """The key of Riverside Psychiatry."""
    return key_of("Riverside Psychiatry")


@pytest.fixture
def stranger(database: None) -> dict[str, str]:
    """The key of another practice."""
    return key_of("Hillside Family Medicine")


@pytest.fixture
def send(client: TestClient, auth: dict[str, str]) -> Send:
    """POST a Bundle, the complete one unless given: `send(bundle, **headers)`."""

    def post(sent: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/fhir", json=sent or bundle(), headers=auth | {"Content-Type": "application/fhir+json"} | named)

    return post


@pytest.fixture
def task_id(send: Send) -> str:
    """The id of the Task of a referral that was sent."""
    return id_in(send())


@pytest.fixture
def tells_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clinic's wording lets it tell what a grant can allow at most."""
    told = clinic().model_copy(update={"disclosure_with_grant": "full"})
    monkeypatch.setattr(disclosure, "clinic", lambda: told)


def happen(task_id: str, *events: str, **details: Any) -> None:
    """Let events happen to a referral; the last one with details."""
    with transaction() as session:
        referral = session.scalars(select(Referral).where(Referral.id == task_id)).one()
        walk(session, referral, events, actor=ACTOR, details=details)


def get(client: TestClient, auth: dict[str, str], path: str, kind: str = "Task") -> dict[str, Any]:
    """What is there, and valid FHIR of this type."""
    answer = client.get(f"/fhir/{path}", headers=auth)
    assert answer.status_code == 200, answer.text
    return parse(answer.content, kind)


def business(task: dict[str, Any]) -> tuple[str, str]:
    """A Task's business status: system and code."""
    coding = task["businessStatus"]["coding"][0]
    return coding["system"], coding["code"]


def id_in(answer: httpx.Response) -> str:
    """The Task's id in a transaction-response."""
    assert answer.status_code == 200, answer.text
    places = [each["response"].get("location", "") for each in answer.json()["entry"]]
    return next(place.split("/")[1] for place in places if place.startswith("Task/"))


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    """A practice's own server, on the operator's list, trusted, and (for this once) allowed on this machine."""
    with https_server(tmp_path) as (server, certificate):
        monkeypatch.setenv("HANDOFF_SUBSCRIPTION_HOSTS", f"ehr.example.com, localhost:{server.port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setattr(web_hook, "is_public", lambda address: True)
        settings.cache_clear()
        yield server
        monkeypatch.undo()
        settings.cache_clear()


def wish(endpoint: str, kind: str = "rest-hook", **channel: Any) -> dict[str, Any]:
    told = {"type": kind, "endpoint": endpoint, "payload": "application/fhir+json"} | channel
    return {"resourceType": "Subscription", "status": "requested", "reason": "News", "criteria": "Task", "channel": told}


@pytest.fixture
def subscribed(client: TestClient, auth: dict[str, str], hooks: Hooks) -> str:
    """The id of a subscription that has been made, and not proved yet."""
    answer = client.post("/fhir/Subscription", json=wish(hooks.url, header=["Authorization: Bearer their-secret"]), headers=auth)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
