"""What users of other systems suffered from broken servers, and that no row of a table says by itself."""

import time

import psycopg
import pytest
import redis

from tests.faults.house import House
from tests.faults.run import Run

pytestmark = pytest.mark.timeout(120)


def wait_for_a_task(house: House, since: float, *, within: float = 60) -> bool:
    """True when a task that ran after a moment has written a sign of life."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if house.query("SELECT 1 FROM heartbeats WHERE at > to_timestamp(%s)", since):
            return True
        time.sleep(0.1)
    return False


def test_workers_are_not_deaf_after_redis_came_back(house: House) -> None:
    run = Run(house)
    run.work("transactional-1", "echo-1")
    assert wait_for_a_task(house, 0)
    house.restart_redis(away=0.5)
    assert wait_for_a_task(house, time.time())


def wait_until_hands_are_full(house: House, *, within: float = 60) -> None:
    """Return once a worker's four threads wait for a table, and hints that it would take lie in Redis."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'heartbeats'::regclass"
    with redis.Redis.from_url(house.redis_url) as client:
        deadline = time.monotonic() + within
        while len(house.query(waiting)) < 4 or not (client.llen("safety") and client.llen("transactional")):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_worker_whose_hands_were_full_when_redis_went_is_not_deaf_after(house: House) -> None:
    run = Run(house)
    run.work("transactional-1", "echo-1")
    assert wait_for_a_task(house, 0)
    with psycopg.connect(house.home.url) as other:
        other.execute("LOCK TABLE heartbeats IN EXCLUSIVE MODE")
        wait_until_hands_are_full(house)
        house.stop_redis()
        gone = time.time()
    # Now the hints in hand are worked off, and nobody is there to take the receipts.
    assert wait_for_a_task(house, gone)
    time.sleep(1)
    house.start_redis()
    assert wait_for_a_task(house, time.time())


def test_mail_goes_out_while_there_is_no_redis_at_all(house: House) -> None:
    run = Run(house)
    run.work("transactional-1", "everything-1")
    house.stop_redis()
    run.post(6)
    run.until("answered", 1.0)
    house.start_redis()
    assert run.trouble == []
