"""One embedded server at a time, for tests and checks: started when the block begins, gone when it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leads.local import place, postgres, redis
from leads.local.processes import Child


@contextmanager
def postgres_server(data_dir: Path) -> Iterator[str]:
    """Yield the URL of an embedded PostgreSQL whose data lies in `data_dir`, or where its user can reach it."""
    here = place.make(data_dir)
    home = postgres.find_home(here)
    child = postgres.make_child(here, home)
    child.start()
    try:
        postgres.wait_until_ready(child, home.url)
        yield home.url
    finally:
        _stop(child)
        if home.data.parent != here.root:
            postgres.remove(home)


@contextmanager
def redis_server(data_dir: Path) -> Iterator[str]:
    """Yield the URL of an embedded Redis."""
    child, url = redis.make_child(place.make(data_dir), redis.find_kind())
    child.start()
    try:
        redis.wait_until_ready(child, url)
        yield url
    finally:
        _stop(child)


def _stop(child: Child) -> None:
    child.ask_to_end()
    child.end(time.monotonic() + 10)
