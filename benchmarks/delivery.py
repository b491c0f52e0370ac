"""Delivery end to end: rows that are due, until all are sent; everything durable is on, guards asked, mails rendered."""

import os
import pickle
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import delete, func, select, update

from benchmarks.measure import Row, at_least
from benchmarks.rivals import celery_task
from benchmarks.sink import far_away, sink
from benchmarks.stage import Stage
from config.settings import settings
from leads import db
from leads.clock import now
from leads.db import new_id
from leads.messages import deliver
from leads.messages.mime import build
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.messages.render import Rendered, render
from leads.messages.rhythm import Rhythm
from leads.security.tokens import Token
from tests.cast import make_confirmed_person

# Of all we ship the nearest to 12 KB.
TEMPLATE = "portal-link"
# As a lane that keeps hours and caps goes, at whatever hour this runs.
ALL_DAY = {"office": "woodbury", "rule": {"from": "00:00", "to": "00:00"}}
NAME = "delivery end to end"
WORKERS = 2
DAYS = timedelta(days=3)
LANE = "education"
LINK = {"sign_in_url": "https://bench.test/s/x"}
ANA = {"given_name": "Ana", "unsubscribe_url": "https://bench.test/u/x", "preferences_url": "https://bench.test/p/x", **LINK}


def rows(stage: Stage) -> Iterator[Row]:
    """Yield how many messages a second go out, against three who do less, and through a relay that is 10 ms away."""
    # As many for each: a start-up that some spread over more messages than others would be counted against the others.
    count, rounds = (200, 2) if stage.quick else (2_000, 5)
    with sink() as port, celery_workers(stage, port) as per_mail, our_workers() as pool:
        prepare(count)
        post_office = PostOffice(stage, port)
        each = (partial(ours, pool, port), partial(bare, port), post_office.run, per_mail.run)
        # The first round of each warms up.
        measured = [[run(count) for run in each] for _ in range(rounds + 1)][1:]
        with far_away(port, 0.010) as far:
            relayed = [(ours(pool, far, count), bare(far, 50, workers=1)) for _ in range(rounds)]
    row = partial(at_least, f"{NAME}, a mail of {len(prebuilt()) / 1000:.1f} kB", "messages/s")
    yield row([(a, d) for a, _, d, _ in measured], against="django-post_office, default settings, queue and send", must=3, aim=5)
    yield row([(a, c) for a, _, _, c in measured], against="a plain Celery task per mail that connects, sends, commits", must=1.5, aim=3)
    against = "smtplib, prebuilt messages, one kept connection a process, no database"
    yield row([(a, b) for a, b, _, _ in measured], against=against, must=0.10, aim=0.20)
    against = "smtplib, one kept connection, same delay"
    yield at_least("delivery through a relay 10 ms away", "messages/s", relayed, against=against, must=10, aim=40)


def prepare(count: int) -> None:
    """Put down `count` messages, each to a person of its own."""
    with db.transaction() as session:
        for number in range(count):
            person = make_confirmed_person(session, email=f"person{number}-{new_id().hex[:6]}@example.com", phone=None)
            post(session, person.id, TEMPLATE, cause="benchmark", facts=LINK, lane=LANE, window=ALL_DAY, useful_until=now() + DAYS)


@contextmanager
def our_workers() -> Iterator[Executor]:
    """Yield two processes that stay, as the product's workers and the rivals' do."""
    # Forked with the first round; a connection of this process's must not be theirs as well.
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork"), initializer=db.engine.cache_clear) as workers:
        yield workers


def ours(workers: Executor, port: int, count: int) -> float:
    """Return messages a second, by two worker processes."""
    with db.transaction() as session:
        session.execute(delete(DeliveryAttempt))
        session.execute(delete(Token))
        session.execute(update(Message).values(state="planned", due_at=now(), sent_at=None, lease_until=None))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        # What the round before left behind would be cleaned up in the middle of this one.
        connection.execute("VACUUM ANALYZE messages, delivery_attempts, tokens, audit_entries")
    db.engine().dispose()
    since = time.perf_counter()
    list(workers.map(work, [port] * WORKERS))
    elapsed = time.perf_counter() - since
    with db.transaction() as session:
        sent = session.scalar(select(func.count()).where(Message.state == "sent"))
    assert sent == count, f"{sent} of {count} were sent"
    return count / elapsed


def work(port: int) -> int:
    """Send until nothing is due, in a process of our own."""
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    settings.cache_clear()
    deliver._spare_lines.cache_clear()
    deliver.RHYTHMS[LANE] = Rhythm()
    return deliver.drain((LANE,), limit=1_000_000)


def bare(port: int, count: int, *, workers: int = WORKERS) -> float:
    """Return messages a second of a kept connection a process that does nothing else."""
    work = (port, prebuilt(), count // workers)
    since = time.perf_counter()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        list(pool.map(_send_bare, [work] * workers))
    return count / (time.perf_counter() - since)


def _send_bare(work: tuple[int, bytes, int]) -> None:
    port, mail, count = work
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for _ in range(count):
            connection.sendmail("bench@example.com", ["a@example.com"], mail)


def rendered() -> Rendered:
    """Return the mail everybody gets."""
    return render(TEMPLATE, "en", ANA)


def prebuilt() -> bytes:
    """Return that mail as bytes."""
    return build(Message(topic="education", language="en"), "a@example.com", rendered(), ANA["unsubscribe_url"], discreet=False)


@dataclass
class PostOffice:
    """django-post_office with a database of its own on the same server."""

    stage: Stage
    port: int

    def __post_init__(self) -> None:
        self.database = self.stage.new_database("post_office")

    def run(self, count: int) -> float:
        """Return messages a second, queued and sent."""
        mail, mails = rendered(), self.stage.folder / "mails.pickle"
        letter = {"subject": mail.subject, "text": mail.text, "html": mail.html}
        mails.write_bytes(pickle.dumps([letter | {"to": f"person{number}@example.com"} for number in range(count)]))
        command = [sys.executable, "-m", "benchmarks.rivals.post_office", self.database, str(self.port), str(mails)]
        elapsed, sent = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        assert int(sent) == count, f"django-post_office sent {sent} of {count}"
        return count / float(elapsed)


class celery_workers:
    """Two processes of a Celery worker, up for as long as the block lasts."""

    def __init__(self, stage: Stage, port: int) -> None:
        self.database, mail = stage.new_database("per_mail"), stage.folder / "mail.eml"
        mail.write_bytes(prebuilt())
        names: dict[str, Any] = {"BROKER": stage.redis_url, "DATABASE": self.database, "SMTP_PORT": str(port), "MAIL": str(mail)}
        os.environ |= {f"BENCH_{name}": value for name, value in names.items()}
        celery_task.app.conf.broker_url = stage.redis_url
        self.log = stage.folder / "per-mail.log"

    def __enter__(self) -> "celery_workers":
        self.connection = psycopg.connect(self.database, autocommit=True)
        self.connection.execute(celery_task.TABLE)
        app = ["-m", "celery", "-A", "benchmarks.rivals.celery_task", "worker", "-c", str(WORKERS), "-l", "error"]
        with Path(self.log).open("wb") as log:
            self.worker = subprocess.Popen([sys.executable, *app], stdout=log, stderr=log)
        self.run(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.terminate()
        self.worker.wait()
        self.connection.close()

    def run(self, count: int) -> float:
        """Return messages a second, from the first task handed out to the last row marked."""
        self.connection.execute("TRUNCATE per_mail")
        due = "INSERT INTO per_mail SELECT n, 'person' || n || '@example.com', 'due' FROM generate_series(1, %s) n"
        self.connection.execute(due, (count,))
        since = time.perf_counter()
        for number in range(1, count + 1):
            celery_task.send.delay(number)
        while self._left():
            time.sleep(0.005)
        return count / (time.perf_counter() - since)

    def _left(self) -> int:
        row = self.connection.execute("SELECT count(*) FROM per_mail WHERE state = 'due'").fetchone()
        assert row is not None
        return int(row[0])
