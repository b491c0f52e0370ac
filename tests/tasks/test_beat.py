"""What the clock does stands in one table, in words, and each hint reaches one queue only."""

import base64
import importlib
import json
import re
from collections.abc import Iterator
from types import ModuleType

import pytest
import redis

from config.settings import ROOT


@pytest.fixture
def celery(redis_url: str) -> Iterator[ModuleType]:
    module = importlib.import_module("config.celery")
    module.app.conf.broker_url = redis_url
    yield module
    redis.Redis.from_url(redis_url).flushall()


def test_every_entry_names_a_task_that_exists(celery: ModuleType) -> None:
    celery.app.loader.import_default_modules()
    assert {entry["task"] for entry in celery.BEAT.values()} <= set(celery.app.tasks)


def test_a_hint_that_waited_too_long_is_thrown_away(celery: ModuleType) -> None:
    assert all(entry["options"]["expires"] >= entry["schedule"] for entry in celery.BEAT.values())


def test_no_task_has_a_due_time(celery: ModuleType) -> None:
    assert not [name for name, entry in celery.BEAT.items() if {"eta", "countdown"} & set(entry["options"])]


@pytest.mark.parametrize("folder", ["leads", "tasks", "config"])
def test_nothing_is_ever_asked_to_run_later(folder: str) -> None:
    later = re.compile(r"\b(countdown|eta)\s*=|self\.retry\(")
    assert [path.name for path in sorted((ROOT / folder).rglob("*.py")) if later.search(path.read_text(encoding="utf-8"))] == []


def test_a_hint_reaches_its_own_queue_and_no_other(celery: ModuleType, redis_url: str) -> None:
    from tasks.deliver import deliver

    deliver.apply_async(args=("reminder",), queue="reminder")
    client = redis.Redis.from_url(redis_url)
    waiting = {name: client.llen(name) for name in celery.QUEUES}
    assert waiting == {"safety": 0, "transactional": 0, "reminder": 1, "education": 0, "housekeeping": 0}


def test_a_hint_carries_a_lane_and_nothing_else(celery: ModuleType, redis_url: str) -> None:
    from tasks.deliver import deliver

    deliver.apply_async(args=("reminder",), queue="reminder")
    [hint] = redis.Redis.from_url(redis_url).lrange("reminder", 0, -1)
    assert json.loads(base64.b64decode(json.loads(hint)["body"]))[:2] == [["reminder"], {}]
