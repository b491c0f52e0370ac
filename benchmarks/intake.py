"""An inquiry by API — checked, encrypted, matched, consented, promised, recorded — against a bare endpoint that inserts three rows."""

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks import data
from benchmarks.measure import Row, at_least, grows, percentile
from benchmarks.rivals import bare_web
from benchmarks.served import served
from benchmarks.stage import Stage
from leads import db
from leads.accounts.keys import create_key
from leads.clinic.profile import clinic
from leads.local import commands

CLIENTS, PROCESSES = 16, 2
_serial = itertools.count()


def rows(stage: Stage) -> Iterator[Row]:
    """Yield requests a second and their p99, 16 clients against 2 processes each."""
    count, rounds = (200, 2) if stage.quick else (1_000, 5)
    url = stage.new_database("intake", like_ours=True)
    data.use(url)
    with db.transaction() as session:
        _, key = create_key(session, "benchmark", ["inquiries:write"])
    os.environ["BENCH_WEB_DATABASE"] = url
    os.environ["HANDOFF_API_RATE"] = "100000"
    bare_web.Base.metadata.create_all(db.engine())
    bare_command = [sys.executable, "-m", "uvicorn", "benchmarks.rivals.bare_web:app", "--no-access-log", "--port"]
    with (
        served(lambda port: commands.web("127.0.0.1", port), "/healthz", processes=PROCESSES) as our_ports,
        served(lambda port: [*bare_command, str(port)], "/docs", processes=PROCESSES) as bare_ports,
    ):
        ours, bare = Site(our_ports, "/api/v1/inquiries", key), Site(bare_ports, "/inquiries", "")
        for site in (ours, bare):
            site.ask(100)
        measured = [(ours.ask(count), bare.ask(count)) for _ in range(rounds)]
    db.engine().dispose()
    data.use(stage.database_url)
    against = "a bare FastAPI + SQLAlchemy endpoint inserting three rows"
    rates = [(count / mine.seconds, count / theirs.seconds) for mine, theirs in measured]
    yield at_least("inquiry by API", "requests/s", rates, against=against, must=0.5, aim=1)
    slowest = [(percentile(mine.times, 0.99) * 1000, percentile(theirs.times, 0.99) * 1000) for mine, theirs in measured]
    yield grows("inquiry by API, p99", "ms", slowest, against=f"{against}, p99", must=3, aim=1.5)


@dataclass
class Run:
    """How long all took, and each."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)


@dataclass
class Site:
    """One of the two, asked by 16 clients that keep their connection, as many to each of its processes.

    Left to the processes, whichever wakes first often takes every connection, and the figure is that of one or two by chance.
    """

    ports: Sequence[int]
    path: str
    key: str

    def ask(self, count: int) -> Run:
        """Send so many inquiries of people nobody knows yet, each client one after another."""
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
            request = self._request(next(_serial))
            since = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(length)
            run.times.append(time.perf_counter() - since)
            assert head.startswith(b"HTTP/1.1 201"), (head, body)
        writer.close()

    def _request(self, number: int) -> bytes:
        asked = {
            "given_name": "Ana", "family_name": f"Rivera {number}", "email": f"ana{number}@example.com", "birth_date": "1985-07-21",
            "office": "woodbury", "message": "I would like to know more about what you offer.",
            "consent": {"contact": True, "education": True, "unencrypted_email": True, "wording": clinic().consent.version},
        }  # fmt: skip
        body = json.dumps(asked).encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        mine = f"Authorization: Bearer {self.key}\r\nIdempotency-Key: {number}\r\n" if self.key else ""
        return f"{head}{mine}\r\n".encode() + body
