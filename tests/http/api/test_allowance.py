"""One key that asks too often doesn't starve the others."""

import time

import pytest
from fastapi.testclient import TestClient

from leads.db import new_id
from leads.errors import TooMany
from leads.http.api.limits import Allowance


def spend(allowance: Allowance, times: int) -> None:
    key_id = new_id()
    for _ in range(times):
        allowance.spend(key_id)


def test_the_burst_is_allowed_and_no_more() -> None:
    spend(Allowance(0.1, burst=5), 5)
    with pytest.raises(TooMany) as refusal:
        spend(Allowance(0.1, burst=5), 6)
    assert refusal.value.retry_after == 10


def test_keys_do_not_share() -> None:
    allowance = Allowance(0.1, burst=5)
    spend(allowance, 5)
    spend(allowance, 5)


def test_it_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    allowance, key_id, begun = Allowance(1, burst=1), new_id(), time.monotonic()
    allowance.spend(key_id)
    monkeypatch.setattr(time, "monotonic", lambda: begun + 1.5)
    allowance.spend(key_id)


def test_the_caller_hears_how_long_to_wait(client: TestClient, auth: dict[str, str]) -> None:
    api = next(route.app for route in client.app.routes if getattr(route, "path", "") == "/api")  # type: ignore[attr-defined]
    api.state.allowance = Allowance(0.5, burst=1)
    first, second = (client.get("/api/v1/leads", headers=auth) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) >= 1
