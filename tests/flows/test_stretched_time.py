"""`handoff up --speed N` sends each step when `handoff simulate` says: never before, and at the first occasion after."""

import json
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from leads.clock import load_anchor
from leads.messages.mailbox import Mail
from tests.cast import raw_submission
from tests.flows.conftest import link_in
from tests.local.conftest import System, handoff

pytestmark = pytest.mark.timeout(300)
SENT = """
    SELECT step, sent_at, due_at, moved_by, anchor_at
    FROM messages JOIN enrolments e ON e.id = enrolment_id JOIN leads l ON l.id = e.lead_id
    WHERE l.serial = :serial
"""
# The sweep looks five times a second, and so does this test, by way of the system's own web process: on a busy machine
# both take longer. Counted in looks, and not in seconds, what is late is late however slow the machine.
LOOKS = 20
# Half a day is five seconds here: where a busy machine sleeps past the end of office hours, or so long that two mails meet
# in one day, the engine waits for the next opening and writes down why. From there it must again be prompt.
CLOSED = {"window", "cap"}
ADDRESS = "patient@example.com"


def inquire(running: System) -> int:
    key = handoff("keys", "create", "--name", "time", "--scope", "inquiries:write", "--data-dir", str(running.data_dir)).stdout.split()[-1]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = json.dumps(raw_submission(email=ADDRESS, phone=None)).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{running.url}/api/v1/inquiries", body, headers), timeout=60) as answer:
        return int(json.load(answer)["number"].removeprefix("L-"))


def simulated(running: System, since: datetime) -> dict[str, datetime]:
    arguments = ("simulate", "new-inquiry", "--office", "woodbury", "--from", since.isoformat(), "--json")
    done = handoff(*arguments, "--data-dir", str(running.data_dir))
    assert done.returncode == 0, done.stderr
    return {step["step"]: datetime.fromisoformat(step["due_at"]) for step in json.loads(done.stdout)}


def watched(running: System, services: dict[str, str], serial: int, last: str) -> tuple[dict[str, Any], list[datetime]]:
    """Look until the last step is out: each step's row, and what the clock showed at each look."""
    engine = create_engine(services["database_url"].replace("postgresql://", "postgresql+psycopg://"))
    shown, deadline, looks = load_anchor(running.data_dir / "clock.json"), time.monotonic() + 200, list[datetime]()
    assert shown
    while time.monotonic() < deadline:
        time.sleep(0.2)
        urllib.request.urlopen(f"{running.url}/healthz", timeout=60).close()
        with engine.connect() as connection:
            rows = {row.step: row for row in connection.execute(text(SENT), {"serial": serial})}
        looks.append(shown.read())
        if last in rows and rows[last].sent_at:
            return rows, looks
    raise AssertionError(f"{last} did not go out")


def test_steps_go_out_at_their_simulated_times(running: System, services: dict[str, str], mail_to: Callable[..., Mail]) -> None:
    serial = inquire(running)
    link = link_in(mail_to(ADDRESS, "We received"), "c")
    urllib.request.urlopen(urllib.request.Request(running.url + link, b"", method="POST"), timeout=60).close()
    rows, looks = watched(running, services, serial, "how-ketamine-works")
    for step, expected in simulated(running, rows["how-ketamine-works"].anchor_at).items():
        if step in ("office-location", "how-ketamine-works"):
            row = rows[step]
            assert row.sent_at >= row.due_at >= expected, row
            assert row.due_at == expected or CLOSED & {*row.moved_by}, row
            assert sum(row.due_at < look < row.sent_at for look in looks) <= LOOKS, row
