"""A worker is killed while a provider has its request: nothing is sent again, and the provider's own news settles it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from config.settings import ROOT
from leads.clock import now
from leads.db import transaction
from leads.inbound.events import apply
from leads.messages.carriers.events import MailEvent
from leads.messages.carriers.known import CARRIERS
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outbox import post
from leads.messages.recover import recover
from tests.cast import make_confirmed_person
from tests.provider import Answer, Provider

WORKER = "import leads.models; from leads.messages.deliver import drain; from leads.messages.models import LANES; print(drain(LANES))"


def begin_worker(url: str, folder: Path) -> subprocess.Popen[bytes]:
    file = folder / "clinic.yml"
    file.write_text((ROOT / "config/clinic.yml").read_text().replace("\nmail:\n", "\nmail:\n  carriers: {default: [postmark]}\n"))
    told = {"HANDOFF_CLINIC_FILE": str(file), "POSTMARK_URL": url, "POSTMARK_TOKEN": "token"}
    return subprocess.Popen([sys.executable, "-c", WORKER], env=os.environ | told, cwd=ROOT)


@pytest.mark.committed
def test_a_kill_between_request_and_answer_sends_nothing_twice(
    database: None, provider: Provider, use: Callable[[str], None], tmp_path: Path
) -> None:
    with transaction() as session:
        message_id = post(session, make_confirmed_person(session).id, "office-location", cause="test", facts={"office": "woodbury"}).id
    provider.answers.append(Answer(after=20))
    worker = begin_worker(provider.url, tmp_path)
    until = time.monotonic() + 60
    while not provider.asked and time.monotonic() < until:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    with transaction() as session:
        session.execute(text("UPDATE messages SET lease_until = now() - interval '1 second'"))
        recover(session)
        assert session.scalars(select(Message.state)).all() == ["unknown"]
    use("postmark")
    assert drain(LANES, carrier=CARRIERS["postmark"].open()) == 0
    with transaction() as session:
        ours = provider.asked[0].json["Metadata"]["handoff-message"]
        assert ours == message_id.hex
        apply(session, MailEvent("delivered", now(), message_id, None, None, "delivery:1", "postmark", None))
        assert session.scalars(select(Message.state)).all() == ["delivered"]
    assert len(provider.asked) == 1
