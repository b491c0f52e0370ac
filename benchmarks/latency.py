"""How long somebody waits for an answer to what they just did: from commit to the final dot, idle and under a flood of education."""

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import select

from benchmarks import data
from benchmarks.measure import Row, at_most, grows, percentile
from benchmarks.sink import sink
from benchmarks.stage import Stage
from config.settings import settings
from leads import db
from leads.local import commands
from leads.messages.outbox import post
from leads.people.models import Person

PEOPLE = 2_000
LATER = "UPDATE messages SET due_at = now() + interval '1 year' WHERE lane = 'education' AND state = 'planned'"
NOW = "UPDATE messages SET due_at = now() WHERE lane = 'education' AND state = 'planned'"


def rows(stage: Stage) -> Iterator[Row]:
    """Yield the p99 of a transactional message while 100,000 education mails are due, against an idle system's."""
    asked, flood = (50, 5_000) if stage.quick else (200, 100_000)
    log = stage.folder / "taken.log"
    url = stage.new_database("latency", like_ours=True)
    data.use(url)
    data.people(PEOPLE)
    with psycopg.connect(url, autocommit=True) as connection, sink(log) as port, _workers(stage, port):
        data.messages(connection, flood, due=0)
        connection.execute(LATER)
        _ask(20, log)
        idle = percentile(_ask(asked, log), 0.99)
        connection.execute(NOW)
        busy = percentile(_ask(asked, log), 0.99)
    db.engine().dispose()
    data.use(stage.database_url)
    name = f"transactional message, commit to final dot, {flood:,} education mails due"
    yield grows(name, "s, p99", [(busy, idle)], against="idle system", must=3, aim=1.5)
    yield at_most(f"{name}, in seconds", "s, p99", [busy], must=2, aim=0.5)


def _ask(count: int, log: Path) -> list[float]:
    """Post so many messages, each after the one before has gone out; returns the seconds each took."""
    from tasks.deliver import deliver

    with db.transaction() as session:
        people = session.scalars(select(Person.id).limit(count)).all()
    times = []
    for person_id in people:
        with db.transaction() as session:
            message = post(session, person_id, "office-location", cause="benchmark", facts={"office": "woodbury"})
        committed = time.time()
        deliver.apply_async(args=("transactional",), queue="transactional", expires=10)
        times.append(_when_taken(message.id, log) - committed)
        time.sleep(0.02)
    return times


def _when_taken(message_id: uuid.UUID, log: Path) -> float:
    """Return when the sink had the dot of this message."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # Near the end, for the flood writes into the same log.
        with log.open("rb") as lines:
            lines.seek(max(0, log.stat().st_size - 20_000))
            for line in lines.read().decode().splitlines():
                if message_id.hex in line:
                    return float(line.split()[1])
        time.sleep(0.002)
    raise TimeoutError(f"message {message_id} was not taken within 30 seconds")


@contextmanager
def _workers(stage: Stage, port: int) -> Iterator[None]:
    """Run the product's two workers, as `handoff up` does."""
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    settings.cache_clear()
    with (stage.folder / "workers.log").open("wb") as log:
        running = [subprocess.Popen(commands.worker(name), stdout=log, stderr=log) for name in commands.WORKERS]
        try:
            yield
        finally:
            for worker in running:
                worker.terminate()
            for worker in running:
                worker.wait(30)
