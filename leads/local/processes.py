"""The processes of one machine: started, watched, started again when they die, and stopped in order."""

import json
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

FIRST_WAIT, LONGEST_WAIT, STEADY = 1.0, 30.0, 60.0
Tell = Callable[[str], None]


@dataclass
class Child:
    """One process: its command, its log, and how it is asked to end."""

    name: str
    command: list[str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    feed: bytes | None = None
    working_dir: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    again_at: float | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C in the terminal reaches only its parent."""
        with self._open_log() as log:
            self.process = subprocess.Popen(
                self.command,
                cwd="/" if self.user else self.working_dir,
                stdin=subprocess.PIPE if self.feed is not None else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Otherwise Ctrl-C would reach PostgreSQL while workers still hold transactions.
                start_new_session=True,
                env=os.environ | self.environment,
                **as_user(self.user),
            )
        self.started, self.again_at = time.monotonic(), None
        if self.feed is not None and self.process.stdin:
            self.process.stdin.write(self.feed)
            self.process.stdin.close()

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self.process is not None and self.process.poll() is None

    def ask_to_end(self) -> None:
        """Send the signal it ends by."""
        if self.process is not None and self.is_running:
            self.process.send_signal(self.stop_signal)

    def end(self, deadline: float) -> None:
        """Wait until it ended; past the deadline (monotonic seconds) it is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it said nothing"

    def _open_log(self) -> IO[bytes]:
        return os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def as_user(user: str | None) -> dict[str, Any]:
    """Return what makes subprocess run a command as that user; nothing for ourselves."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


class Household:
    """All children of one `handoff up`, in the order in which they were started."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.children: list[Child] = []

    def start(self, *children: Child) -> None:
        """Start children and write down who they are, so that a killed start can be cleaned up by the next."""
        for child in children:
            child.start()
            self.children.append(child)
            self._write_down()

    def mind(self, tell: Tell) -> None:
        """Start again whoever died, after a wait that grows; says so in one line."""
        for child in self.children:
            if child.is_running:
                continue
            if child.again_at is None:
                self._schedule(child, tell)
            elif time.monotonic() >= child.again_at:
                child.start()
                self._write_down()

    def stop(self, *, within: float = 8.0) -> None:
        """End everybody: first all that use the servers, at once; then the servers, the last started first."""
        servers = [child for child in self.children if child.name in ("PostgreSQL", "Redis")]
        others = [child for child in self.children if child not in servers]
        for group in (others, *([server] for server in reversed(servers))):
            deadline = time.monotonic() + within
            for child in group:
                child.ask_to_end()
            for child in group:
                child.end(deadline)
        self.record.unlink(missing_ok=True)

    def _schedule(self, child: Child, tell: Tell) -> None:
        if time.monotonic() - child.started > STEADY:
            child.wait = FIRST_WAIT
        code = child.process.returncode if child.process else None
        tell(f"{child.name} ended by itself (exit {code}); it starts again in {child.wait:.0f} s. Its log: {child.log}")
        child.again_at = time.monotonic() + child.wait
        child.wait = min(child.wait * 2, LONGEST_WAIT)

    def _write_down(self) -> None:
        known = [{"pid": each.process.pid, "born": _birth(each.process.pid)} for each in self.children if each.process and each.is_running]
        spare = self.record.with_suffix(".new")
        spare.write_text(json.dumps(known))
        spare.replace(self.record)


def end_leftovers(record: Path) -> int:
    """End what an earlier start left running because it was killed itself, but for PostgreSQL; returns how many processes."""
    try:
        known = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return 0
    left = [process for each in known if (process := _same_process(each["pid"], each["born"])) and process.name() != "postgres"]
    for process in left:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for process in stubborn:
        process.kill()
    record.unlink(missing_ok=True)
    return len(left)


def _birth(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _same_process(pid: int, born: float) -> psutil.Process | None:
    # A process id is given out again: only with the same birth is it the one that was written down.
    return psutil.Process(pid) if born and abs(_birth(pid) - born) < 1 else None
