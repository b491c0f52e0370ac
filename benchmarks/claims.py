"""Claiming: as quick among five million messages as among ten thousand, and under somebody's old snapshot."""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from benchmarks import data
from benchmarks.measure import Row, grows
from benchmarks.stage import Stage
from leads import db
from leads.messages.claim import claim, give_back
from leads.round_trips import RoundTrips, round_trips

BATCH = 50
UNDER_A_SNAPSHOT = 100_000


def rows(stage: Stage) -> Iterator[Row]:
    """Yield what a claim of 50 costs as the table grows (long form), and while another transaction holds an old snapshot."""
    row = partial(grows, unit="ms, p50", must=1.5, aim=1.1)
    if stage.long:
        for size, pairs in _by_size().items():
            yield row(f"claim of {BATCH} due rows among {size} messages", pairs=pairs, against="among 10 k")
    many, rounds = (10_000, 2) if stage.quick else (UNDER_A_SNAPSHOT, 5)
    pairs = [_under_a_snapshot(stage, many) for _ in range(rounds)]
    yield row(f"claim of {BATCH} after {many:,} claims under an old snapshot", pairs=pairs, against="at the start")


def _by_size() -> dict[str, list[tuple[float, float]]]:
    pairs: dict[str, list[tuple[float, float]]] = {"1 M": [], "5 M": []}
    ours = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "HANDOFF_DATA_DIR")}
    os.environ["HANDOFF_DATA_DIR"] = str(data.FOLDER)
    with data.kept(*(f"bench_{count}" for count in data.SIZES.values())) as url:
        for _ in range(5):
            small = _median_claim(data.database_of(url, "10 k"))
            for size, measured in pairs.items():
                measured.append((_median_claim(data.database_of(url, size)), small))
    os.environ |= ours
    data.use(ours["DATABASE_URL"])
    return pairs


def _median_claim(url: str) -> float:
    """Return the p50 in milliseconds; what was claimed is given back, so that the next round finds the same."""
    data.use(url)
    with round_trips() as trips:
        times = [_timed_claim(trips, back=True) for _ in range(40)]
    db.engine().dispose()
    return statistics.median(times[5:])


def _timed_claim(trips: RoundTrips, *, back: bool = False) -> float:
    since = time.perf_counter()
    claims = claim(trips, "education", limit=BATCH)
    elapsed = (time.perf_counter() - since) * 1000
    assert len(claims) == BATCH
    if back:
        give_back(trips, claims)
    return elapsed


def _under_a_snapshot(stage: Stage, many: int) -> tuple[float, float]:
    with _filled(stage, "snapshot", many + 60 * BATCH) as url, round_trips() as trips, psycopg.connect(url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM people")
        at_the_start = [_timed_claim(trips) for _ in range(30)]
        for _ in range(many // BATCH - 30):
            claim(trips, "education", limit=BATCH)
        at_the_end = [_timed_claim(trips) for _ in range(30)]
    return statistics.median(at_the_end), statistics.median(at_the_start)


@contextmanager
def _filled(stage: Stage, name: str, due: int) -> Iterator[str]:
    """Work on a database of its own with so many due messages, and come back to ours."""
    url = stage.new_database(name, like_ours=True)
    data.use(url)
    data.people(200)
    with psycopg.connect(url, autocommit=True) as connection:
        data.messages(connection, due, due=due)
    yield url
    db.engine().dispose()
    data.use(stage.database_url)
