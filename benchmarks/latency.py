"""How long somebody waits for an answer to what they just did: from commit to the final dot, idle and under a flood of education."""

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy import select

from benchmarks import data, leads_data
from benchmarks.measure import Row, at_most, grows, percentile
from benchmarks.sink import sink
from benchmarks.stage import Stage
from config.settings import settings
from leads import db
from leads.local import commands
from leads.messages.outbox import post
from leads.people.models import Person

# Nobody gets more than two mails a day: of the flood, each has two.
MAILS_EACH = 2
LATER = "UPDATE messages SET due_at = now() + interval '1 year' WHERE lane = 'education' AND state = 'planned'"
AGAIN = "UPDATE messages SET state = 'planned', sent_at = NULL, due_at = now() + interval '1 year' WHERE lane = 'education'"
NOW = "UPDATE messages SET due_at = now() WHERE lane = 'education' AND state = 'planned'"


def rows(stage: Stage) -> Iterator[Row]:
    """Yield the p99 of a transactional message while 100,000 education mails are due, against an idle system's."""
    asked, flood, rounds = (40, 10_000, 2) if stage.quick else (100, 100_000, 5)
    log = stage.folder / "taken.log"
    url = stage.new_database("latency", like_ours=True)
    data.use(url)
    leads_data.fill_with_readers(flood // MAILS_EACH)
    with psycopg.connect(url, autocommit=True) as connection, sink(log) as port:
        data.messages(connection, flood, due=flood)
        connection.execute(LATER)
        with _workers(stage, port):
            pairs = [_round(connection, asked, log) for _ in range(rounds)]
    db.engine().dispose()
    data.use(stage.database_url)
    name = f"transactional message, commit to final dot, {flood:,} education mails due"
    yield grows(name, "s, p99", pairs, against="idle system", must=3, aim=1.5)
    yield at_most(f"{name}, in seconds", "s, p99", [busy for busy, _ in pairs], must=2, aim=0.5)


def _round(connection: psycopg.Connection, asked: int, log: Path) -> tuple[float, float]:
    """Return the p99 in seconds while the whole flood is due and going out, and before, while nothing is."""
    _put_off(connection)
    while _flood(connection, "state IN ('claimed', 'sending')"):
        time.sleep(0.1)
    # The whole flood again, and nobody had any of late.
    connection.execute(AGAIN)
    connection.execute("VACUUM ANALYZE messages, delivery_attempts, tokens")
    _ask(10, log)
    idle = percentile(_ask(asked, log), 0.99)
    connection.execute(NOW)
    busy = percentile(_ask(asked, log), 0.99)
    gone, left = _flood(connection, "state = 'sent'"), _flood(connection, "state = 'planned' AND due_at <= now()")
    assert min(gone, left) > 0, f"of the flood {gone} were sent and {left} were due when the measuring ended: it was none"
    print(f"transactional p99: {idle:.3f} s idle, {busy:.3f} s while {gone} education mails went and {left} were still due")
    return busy, idle


def _put_off(connection: psycopg.Connection) -> None:
    # Many rows at once, against workers that hold some of them: whoever is made to give way begins again.
    while True:
        with suppress(psycopg.errors.DeadlockDetected):
            connection.execute(LATER)
            return


def _flood(connection: psycopg.Connection, which: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM messages WHERE lane = 'education' AND {which}".encode()).fetchone()
    assert row is not None
    return int(row[0])


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
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        # Near the end, for the flood writes into the same log.
        with log.open("rb") as lines:
            lines.seek(max(0, log.stat().st_size - 20_000))
            for line in lines.read().decode().splitlines():
                if message_id.hex in line:
                    return float(line.split()[1])
        time.sleep(0.002)
    raise TimeoutError(f"message {message_id} was not taken within two minutes")


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
