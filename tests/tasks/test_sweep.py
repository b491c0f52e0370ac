"""A worker finds due mail by itself, and nothing that goes wrong ends its looking."""

import importlib
import threading
from collections.abc import Iterator
from types import ModuleType

import pytest
from sqlalchemy import select

from config.settings import settings
from leads.db import transaction
from leads.messages.models import Heartbeat


@pytest.fixture
def sweep(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(settings(), "handoff_sweep_seconds", 0.01)
    return importlib.import_module("tasks.sweep")


def test_an_exception_never_ends_it(sweep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    end, seen = threading.Event(), []

    def drain(lanes: tuple[str, ...], *, limit: int) -> int:
        seen.append(lanes)
        if len(seen) == 3:
            end.set()
        raise RuntimeError("the database went away")

    monkeypatch.setattr(sweep, "drain", drain)
    monkeypatch.setattr(sweep, "repair", lambda: None)
    monkeypatch.setattr(sweep, "open_todos", lambda: None)
    sweep.sweep(("reminder",), end)
    assert seen == [("reminder",)] * 3


def test_it_goes_on_while_there_is_something_to_send(sweep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    end, left = threading.Event(), [50, 50, 7, 0]

    def drain(lanes: tuple[str, ...], *, limit: int) -> int:
        sent = left.pop(0)
        if not left:
            end.set()
        return sent

    monkeypatch.setattr(sweep, "drain", drain)
    monkeypatch.setattr(sweep, "repair", lambda: None)
    monkeypatch.setattr(sweep, "open_todos", lambda: None)
    sweep.sweep(("transactional",), end)
    assert left == []


@pytest.mark.usefixtures("database", "redis_url")
def test_a_sign_of_life_is_one_row_a_queue() -> None:
    from tasks.heartbeat import show_life

    show_life("reminder")
    show_life("reminder")
    with transaction() as session:
        assert session.scalars(select(Heartbeat.worker)).all() == ["reminder"]
