"""A nudge costs the request nothing, and its loss costs nothing but seconds."""

import importlib
import time
from statistics import median
from types import ModuleType

import pytest
from kombu.exceptions import OperationalError


@pytest.fixture
def nudging(redis_url: str) -> ModuleType:
    return importlib.import_module("tasks.nudge")


def test_it_returns_at_once_without_any_redis(nudging: ModuleType) -> None:
    took = []
    for _ in range(1000):
        began = time.monotonic()
        nudging.nudge()
        took.append(time.monotonic() - began)
    # The middle one: a busy machine may take this process's turn away in the midst of a few.
    assert median(took) < 0.0005


def test_a_broker_that_is_gone_does_not_end_the_passing_on(nudging: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def publish(**_: object) -> None:
        tries.append(1)
        if len(tries) == 2:
            raise KeyboardInterrupt
        nudging.nudge()
        raise OperationalError("connection refused")

    monkeypatch.setattr(nudging.deliver, "apply_async", publish)
    nudging.nudge()
    with pytest.raises(KeyboardInterrupt):
        nudging.pass_on()
    assert len(tries) == 2


def test_many_nudges_in_a_moment_are_passed_on_as_few(nudging: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    passed, rests = [], []

    def rest(_: float) -> None:
        rests.append(1)
        if len(rests) == 2:
            raise KeyboardInterrupt
        for _ in range(100):
            nudging.nudge()

    for task in (nudging.deliver, nudging.apply_events, nudging.read_mail):
        monkeypatch.setattr(task, "apply_async", lambda **_: passed.append(1))
    monkeypatch.setattr(nudging.time, "sleep", rest)
    nudging.nudge()
    with pytest.raises(KeyboardInterrupt):
        nudging.pass_on()
    assert len(passed) == 2 * len(nudging.PRESSING)


def test_what_came_back_by_mail_is_looked_for_once_where_some_did(nudging: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    passed, rests = list[str](), []

    def rest(_: float) -> None:
        rests.append(1)
        if len(rests) == 2:
            raise KeyboardInterrupt
        nudging.nudge()

    for name in ("deliver", "apply_events", "read_mail"):
        monkeypatch.setattr(getattr(nudging, name), "apply_async", lambda name=name, **_: passed.append(name))
    monkeypatch.setattr(nudging.time, "sleep", rest)
    nudging.nudge(came_back=True)
    with pytest.raises(KeyboardInterrupt):
        nudging.pass_on()
    assert passed == ["deliver", "deliver", "apply_events", "read_mail", "deliver", "deliver"]
