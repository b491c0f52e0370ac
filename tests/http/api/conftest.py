"""A machine with a key, and the app it talks to."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from leads.accounts.keys import create_key
from leads.db import transaction
from leads.providers.practices import create_practice_key
from tests.the_app import the_app

Post = Callable[..., httpx.Response]


def make_key(*scopes: str) -> str:
    """The text of a new key."""
    with transaction() as session:
        return create_key(session, "Partner", scopes)[1]


def practice_key(practice: str = "Riverside Psychiatry", *scopes: str) -> dict[str, str]:
    """The header of a new key of a practice, for referrals unless given."""
    with transaction() as session:
        text = create_practice_key(session, practice, scopes or ("referrals",))[1]
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def client(database: None) -> Iterator[TestClient]:
    """The app; what breaks in it is answered, not raised."""
    with TestClient(the_app(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def auth(database: None) -> dict[str, str]:
    """The header of a key that may do everything with inquiries and leads."""
    return {"Authorization": f"Bearer {make_key('inquiries:write', 'leads:read', 'leads:write')}"}


@pytest.fixture
def post(client: TestClient, auth: dict[str, str]) -> Post:
    """Send an inquiry: `post(json=…, **headers)`."""

    def send(asked: Any, **headers: str) -> httpx.Response:
        return client.post(
            "/api/v1/inquiries", json=asked, headers=auth | {name.replace("_", "-"): value for name, value in headers.items()}
        )

    return send
