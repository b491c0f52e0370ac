"""An inquiry by API — checked, encrypted, matched, consented, planned, recorded — against a bare endpoint that inserts three rows.

Every other one comes from somebody known whose address is confirmed: for them the sequence is planned at once.
"""

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
from sqlalchemy import exists, func, select

from benchmarks import data, leads_data
from benchmarks.measure import Row, at_least, grows, percentile, told
from benchmarks.rivals import bare_web
from benchmarks.served import served
from benchmarks.stage import Stage
from leads import db
from leads.accounts.keys import create_key
from leads.clinic.profile import clinic
from leads.consent.models import Confirmation
from leads.local import commands
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.sequences.models import Enrolment

CLIENTS, PROCESSES, TURNS = 16, 2, 5
_serial = itertools.count()


def rows(stage: Stage) -> Iterator[Row]:
    """Yield requests a second and their p99, 16 clients against 2 processes each."""
    count, rounds, people = (200, 2, 5_000) if stage.quick else (1_000, 5, 50_000)
    url = stage.new_database("intake", like_ours=True)
    data.use(url)
    leads_data.fill(people)
    with db.transaction() as session:
        _, key = create_key(session, "benchmark", ["inquiries:write"])
    known = _who_may_ask(people)
    os.environ["BENCH_WEB_DATABASE"] = url
    os.environ["HANDOFF_API_RATE"] = "100000"
    bare_web.Base.metadata.create_all(db.engine())
    bare_command = [sys.executable, "-m", "uvicorn", "benchmarks.rivals.bare_web:app", "--no-access-log", "--port"]
    with (
        served(lambda port: commands.web("127.0.0.1", port), "/healthz", processes=PROCESSES) as our_ports,
        served(lambda port: [*bare_command, str(port)], "/docs", processes=PROCESSES) as bare_ports,
    ):
        ours, bare = Site(our_ports, "/api/v1/inquiries", key, [*known]), Site(bare_ports, "/inquiries", "", [*known])
        # Plans made while the tables are empty are those of a system's first minute.
        for site in (ours, bare):
            site.ask(count)
        measured = [_round(url, ours, bare, count) for _ in range(rounds)]
    with db.transaction() as session:
        planned = session.scalar(select(func.count()).select_from(Enrolment))
    assert planned == len(known) - len(ours.known) >= count * rounds // 2, f"{planned} were planned"
    db.engine().dispose()
    data.use(stage.database_url)
    name = f"inquiry by API, half of known people with a plan, among {people:,}"
    against = "a bare FastAPI + SQLAlchemy endpoint inserting three rows"
    rates = [(count / mine.seconds, count / theirs.seconds) for mine, theirs in measured]
    yield at_least(name, "requests/s", rates, against=against, must=0.5, aim=1)
    slowest = [(percentile(mine.times, 0.99) * 1000, percentile(theirs.times, 0.99) * 1000) for mine, theirs in measured]
    medians = [(percentile(mine.planned, 0.5) * 1000, percentile(mine.times, 0.5) * 1000) for mine, _ in measured]
    yield told(f"{name}: those with a plan", "ms, p50", medians, against="all of them")
    yield grows(f"{name}, p99", "ms", slowest, against=f"{against}, p99", must=3, aim=1.5)


def _round(url: str, ours: "Site", bare: "Site", count: int) -> tuple["Run", "Run"]:
    """Ask both as often, in turns: a machine whose speed changes from second to second then changes for both.

    What the server knows of its tables was learned when they were smaller; by itself it looks again every minute.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    mine, theirs = Run(), Run()
    for _ in range(TURNS):
        mine.add(ours.ask(count // TURNS))
        theirs.add(bare.ask(count // TURNS))
    return mine, theirs


def _who_may_ask(people: int) -> list[int]:
    """Return the numbers of those whose address is confirmed and who have no open lead: their next inquiry begins a sequence."""
    confirmed = exists().where(Confirmation.person_id == Person.id, Confirmation.address_index == Person.email_index)
    under_way = exists().where(Lead.person_id == Person.id, Lead.closed_at.is_(None))
    with db.transaction() as session:
        found = set(session.scalars(select(Person.email_index).where(confirmed, ~under_way)))
    return [number for number in range(people) if email_index(leads_data.email_of(number)) in found]


def _known(number: int) -> dict[str, str]:
    given, family = leads_data.name_of(number)
    return {"given_name": given, "family_name": family, "email": leads_data.email_of(number), "phone": leads_data.phone_of(number)}


def _stranger(number: int) -> dict[str, str]:
    return {"given_name": "Ana", "family_name": f"Rivera {number}", "email": f"ana{number}@example.com", "birth_date": "1985-07-21"}


@dataclass
class Run:
    """How long all took, and each."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    # Of these, those of known people.
    planned: list[float] = field(default_factory=list)

    def add(self, more: "Run") -> None:
        """Count some more to it."""
        self.seconds += more.seconds
        self.times += more.times
        self.planned += more.planned


@dataclass
class Site:
    """One of the two, asked by 16 clients that keep their connection, as many to each of its processes.

    Left to the processes, whichever wakes first often takes every connection, and the figure is that of one or two by chance.
    """

    ports: Sequence[int]
    path: str
    key: str
    known: list[int]

    def ask(self, count: int) -> Run:
        """Send so many inquiries, half of known people and half of strangers, each client one after another."""
        return asyncio.run(self._ask(count))

    async def _ask(self, count: int) -> Run:
        run, left = Run(), iter(range(count))
        since = time.perf_counter()
        await asyncio.gather(*(self._client(port, left, run) for _, port in zip(range(CLIENTS), itertools.cycle(self.ports), strict=False)))
        run.seconds = time.perf_counter() - since
        return run

    async def _client(self, port: int, left: Iterator[int], run: Run) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            number = next(_serial)
            request = self._request(number)
            since = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(length)
            run.times.append(time.perf_counter() - since)
            run.planned += run.times[-1:] if number % 2 else []
            assert head.startswith(b"HTTP/1.1 201"), (head, body)
        writer.close()

    def _request(self, number: int) -> bytes:
        asked = {
            **(_known(self.known.pop()) if number % 2 else _stranger(number)),
            "office": "woodbury", "message": "I would like to know more about what you offer.",
            "consent": {"contact": True, "education": True, "unencrypted_email": True, "wording": clinic().consent.version},
        }  # fmt: skip
        body = json.dumps(asked).encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        mine = f"Authorization: Bearer {self.key}\r\nIdempotency-Key: {number}\r\n" if self.key else ""
        return f"{head}{mine}\r\n".encode() + body
