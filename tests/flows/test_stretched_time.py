"""`handoff up --speed N` sends each step when `handoff simulate` says, within a tick."""

import json
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from leads.messages.mailbox import Mail
from tests.cast import raw_submission
from tests.flows.conftest import SPEED, link_in
from tests.local.conftest import System, handoff

pytestmark = pytest.mark.timeout(300)
SENT = """
    SELECT step, sent_at, anchor_at FROM messages JOIN enrolments e ON e.id = enrolment_id JOIN leads l ON l.id = e.lead_id
    WHERE l.serial = :serial
"""
# The sweep looks five times a second; a busy machine gets four seconds of the wall's time.
TICK = timedelta(seconds=4 * SPEED)
ADDRESS = "patient@example.com"


def inquire(running: System) -> int:
    key = handoff("keys", "create", "--name", "time", "--scope", "inquiries:write", "--data-dir", str(running.data_dir)).stdout.split()[-1]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = json.dumps(raw_submission(email=ADDRESS, phone=None)).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{running.url}/api/v1/inquiries", body, headers), timeout=10) as answer:
        return int(json.load(answer)["number"].removeprefix("L-"))


def simulated(running: System, since: datetime) -> dict[str, datetime]:
    arguments = ("simulate", "new-inquiry", "--office", "woodbury", "--from", since.isoformat(), "--json")
    done = handoff(*arguments, "--data-dir", str(running.data_dir))
    assert done.returncode == 0, done.stderr
    return {step["step"]: datetime.fromisoformat(step["due_at"]) for step in json.loads(done.stdout)}


def confirmed_and_sent(services: dict[str, str], serial: int, step: str, within: float) -> tuple[datetime, dict[str, datetime]]:
    engine = create_engine(services["database_url"].replace("postgresql://", "postgresql+psycopg://"))
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            rows = connection.execute(text(SENT), {"serial": serial}).all()
        sent = {row.step: row.sent_at for row in rows if row.sent_at}
        if step in sent:
            return rows[0].anchor_at, sent
        time.sleep(0.3)
    raise AssertionError(f"{step} did not go out")


def test_steps_go_out_at_their_simulated_times(running: System, services: dict[str, str], mail_to: Callable[..., Mail]) -> None:
    serial = inquire(running)
    link = link_in(mail_to(ADDRESS, "We received"), "c")
    urllib.request.urlopen(urllib.request.Request(running.url + link, b"", method="POST"), timeout=10).close()
    mail_to(ADDRESS, "Where to find us")
    since, sent = confirmed_and_sent(services, serial, "how-ketamine-works", within=120)
    expected = simulated(running, since)
    for step in ("office-location", "how-ketamine-works"):
        assert timedelta() <= sent[step] - expected[step] < TICK, (step, sent[step], expected[step])
