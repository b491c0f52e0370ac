"""The whole system as its users meet it: one `handoff up`, a week in minutes, a browser before it."""

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leads.local.redis import free_port
from leads.messages.mailbox import Mail, read_all
from tests.local.conftest import System

# Ten seconds a day: a step of day two comes within a minute, whatever weekend or holiday lies between.
SPEED = 8640


@pytest.fixture(scope="package")
def running() -> Iterator[System]:
    """`handoff up --speed 8640`: ten seconds of real time are a day."""
    with tempfile.TemporaryDirectory(prefix="handoff-") as made:
        Path(made).chmod(0o755)
        system = System(Path(made) / "var", free_port(), Path(made) / "output.txt")
        try:
            system.start("--speed", str(SPEED))
            yield system
        finally:
            if system.process and system.process.poll() is None:
                system.stop()


@pytest.fixture
def services(running: System) -> dict[str, str]:
    """Where the running system's servers are."""
    return dict(json.loads((running.data_dir / "services.json").read_text()))


@pytest.fixture
def mail_to(running: System) -> Callable[..., Mail]:
    """Wait for the mail to an address whose subject matches."""

    def wait(address: str, subject: str, *, within: float = 120) -> Mail:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for mail in read_all(running.data_dir):
                if mail.envelope_to == address and re.search(subject, mail.subject):
                    return mail
            time.sleep(0.2)
        raise AssertionError(f"no such mail; there are {[(mail.envelope_to, mail.subject) for mail in read_all(running.data_dir)]}")

    return wait


def link_in(mail: Mail, kind: str) -> str:
    """The path of a mail's link of a kind: c, u or p."""
    found = re.search(rf"https?://[^/]+(/{kind}/[\w-]+)", mail.text)
    assert found, mail.text
    return found.group(1)
