"""A real Redis stops and starts again, empty, under load: meanwhile each process keeps to its low rate, and no flood follows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leads.local import redis
from leads.local.place import make
from leads.local.processes import Child
from leads.messages import pace as pace_module
from leads.messages.pace import SHARE_OF_BULK, Pace

PER_SECOND, ALONE = 20, 2.0
BULK = PER_SECOND * SHARE_OF_BULK


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Child, str]]:
    """A Redis of this test's own, which the pace asks for again after a moment rather than after seconds."""
    monkeypatch.setattr(pace_module, "ASK_REDIS_AGAIN_AFTER", 0.2)
    if redis.find_kind().program is None:
        pytest.skip("only fakeredis here")
    child, url = redis.make_child(make(tmp_path), redis.find_kind())
    child.start()
    redis.wait_until_ready(child, url)
    yield child, url
    end(child)


def end(child: Child) -> None:
    child.ask_to_end()
    child.end(time.monotonic() + 5)


@contextmanager
def load(url: str) -> Iterator[list[float]]:
    """Let two processes' worth of workers take all they may; yields when each was taken."""
    taken, over = list[float](), threading.Event()

    def work() -> None:
        own = Pace(url)
        while not over.is_set():
            if own.take(carrier="smtp", domain="example.com", lane="education") is None:
                taken.append(time.monotonic())
            time.sleep(0.002)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    yield taken
    over.set()
    for worker in workers:
        worker.join(5)


def between(taken: list[float], begin: float, until: float) -> int:
    return sum(begin <= at < until for at in taken)


def test_a_redis_that_comes_back_empty_lets_no_flood_go(server: tuple[Child, str], configure: Callable[..., None]) -> None:
    child, url = server
    configure(rates={"per_second": PER_SECOND, "per_domain_per_second": PER_SECOND, "without_redis_per_second": ALONE})
    with load(url) as taken:
        time.sleep(1.0)
        end(child)
        away = time.monotonic()
        time.sleep(2.0)
        back = time.monotonic()
        child.start()
        redis.wait_until_ready(child, url)
        time.sleep(2.0)
        over = time.monotonic()
    # Low, but not at a standstill: so many a second, and one at once, for each of the two.
    assert 1 <= between(taken, away, back) <= 2 * (ALONE * (back - away) + 1)
    # An empty bucket counts anew: what it may give at once is one second's worth, as on any morning, and then its rate.
    assert between(taken, back, back + 0.5) <= BULK * 1.5 + 2
    assert BULK < between(taken, back, over) <= BULK * (over - back + 1) + 2
