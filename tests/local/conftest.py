"""A whole system, started once for all tests of this folder."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HANDOFF = [sys.executable, "-m", "leads.cli"]
OURS = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "HANDOFF_PUBLIC_URL", "HANDOFF_DATA_DIR", "HANDOFF_INBOUND_LISTEN")


def clean_environment(**configured: str) -> dict[str, str]:
    """The environment of somebody who configured nothing but this."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | configured


@dataclass
class System:
    """One `handoff up` as a process of its own."""

    data_dir: Path
    port: int
    output: Path
    configured: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.output.read_text()

    def start(self, *options: str) -> None:
        command = [*HANDOFF, "up", "--data-dir", str(self.data_dir), "--port", str(self.port), *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=clean_environment(**self.configured))
        self.wait_for(r"^data ")

    # Everything here waits for what comes, and is generous: a limit fails what hangs, not a busy machine.
    def wait_for(self, pattern: str, within: float = 150) -> None:
        deadline = time.monotonic() + within
        while not re.search(pattern, self.said, re.M):
            assert self.process, self.said
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(60)


def handoff(*arguments: str, **configured: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody who configured nothing but this."""
    environment = clean_environment(**configured)
    return subprocess.run([*HANDOFF, *arguments], env=environment, capture_output=True, text=True, timeout=150, check=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="handoff-") as made:
        Path(made).chmod(0o755)
        yield Path(made)
