"""Waiting until a process does its work, not merely until it was started."""

import smtplib
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import func, select

from leads.db import transaction
from leads.local import commands
from leads.local.place import Refused
from leads.local.processes import Child
from leads.messages.models import Heartbeat

LONGEST = 60.0
YOUNG = timedelta(seconds=30)


def wait_for_web(child: Child, url: str) -> None:
    """Wait until the web process answers."""
    _wait(child, lambda: answers(f"{url}/healthz"))


def wait_for_workers(children: Sequence[Child], queues: Sequence[str]) -> None:
    """Wait until each queue's heartbeat was written by a task that ran after the start."""
    for child in children:
        _wait(child, lambda born=child.started: set(queues) <= alive(timedelta(seconds=time.monotonic() - born)))  # type: ignore[misc]


def wait_for_beat(child: Child) -> None:
    """Wait until beat keeps its schedule."""
    _wait(child, lambda: any(commands.beat_file().parent.glob("beat*")))


def wait_for_port(child: Child, port: int, *, host: str = "127.0.0.1") -> None:
    """Wait until an SMTP server of ours greets; one that listens at every address greets at loopback too."""
    _wait(child, lambda: greets(host, port))


def answers(url: str) -> bool:
    """True when the page comes with 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def greets(host: str, port: int) -> bool:
    """True when an SMTP server answers there."""
    try:
        with smtplib.SMTP(host, port, timeout=3) as smtp:
            return smtp.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def alive(within: timedelta = YOUNG) -> set[str]:
    """Return the queues whose last heartbeat is younger than `within`, by the database's clock."""
    with transaction() as session:
        return set(session.scalars(select(Heartbeat.worker).where(Heartbeat.at > func.clock_timestamp() - within)))


def _wait(child: Child, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if is_ready():
            return
        if not child.is_running:
            break
        time.sleep(0.1)
    raise Refused(f"{child.name} does not start: {child.last_words()[:300]} (more in {child.log})")
