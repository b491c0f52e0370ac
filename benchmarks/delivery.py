"""Delivery end to end: rows that are due, until all are sent; everything durable is on."""

import os
import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from sqlalchemy import delete, func, select, update

from benchmarks.measure import Row, at_least
from benchmarks.sink import sink
from config.settings import settings
from leads import db
from leads.clock import now
from leads.messages import deliver
from leads.messages.deliver import drain
from leads.messages.mime import build
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.messages.render import render
from leads.security.tokens import Token
from tests.cast import make_confirmed_person

TEMPLATE = "how-ketamine-works"
WORKERS = 2


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield how many messages a second go out, against a bare connection that sends prebuilt ones."""
    count, rounds = (200, 3) if quick else (1_000, 5)
    with sink() as port:
        _prepare(count)
        pairs = [(_ours(port, count), _bare(port, count)) for _ in range(rounds)]
    against = "smtplib, prebuilt messages, one kept connection a process, no database"
    yield at_least("delivery end to end", "messages/s", pairs, against=against, must=0.10, aim=0.20)


def _prepare(count: int) -> None:
    with db.transaction() as session:
        for number in range(count):
            person = make_confirmed_person(session, email=f"person{number}@example.com", phone=None)
            post(session, person.id, TEMPLATE, cause="benchmark", facts={"office": "woodbury"}, lane="transactional")


def _ours(port: int, count: int) -> float:
    with db.transaction() as session:
        session.execute(delete(DeliveryAttempt))
        session.execute(delete(Token))
        session.execute(update(Message).values(state="planned", due_at=now(), sent_at=None, lease_until=None))
    db.engine().dispose()
    since = time.perf_counter()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as workers:
        list(workers.map(_work, [port] * WORKERS))
    elapsed = time.perf_counter() - since
    with db.transaction() as session:
        sent = session.scalar(select(func.count()).where(Message.state == "sent"))
    assert sent == count, f"{sent} of {count} were sent"
    return count / elapsed


def _work(port: int) -> int:
    db.engine.cache_clear()
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    settings.cache_clear()
    deliver._spare_lines.cache_clear()
    return drain(("transactional",), limit=100_000)


def _bare(port: int, count: int) -> float:
    facts = {"given_name": "Ana", "unsubscribe_url": "https://bench.test/u/x", "preferences_url": "https://bench.test/p/x"}
    mail = build(
        Message(topic="education", language="en"), "a@example.com", render(TEMPLATE, "en", facts), facts["unsubscribe_url"], discreet=False
    )
    since = time.perf_counter()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as workers:
        list(workers.map(_send_bare, [(port, mail, count // WORKERS)] * WORKERS))
    return count / (time.perf_counter() - since)


def _send_bare(work: tuple[int, bytes, int]) -> None:
    port, mail, count = work
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for _ in range(count):
            connection.sendmail("bench@example.com", ["a@example.com"], mail)
