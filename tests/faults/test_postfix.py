"""Both ways through a real Postfix: our mail goes out by it, and its own report and a person's answer come back through it."""

import smtplib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path

import pytest
from sqlalchemy import select

from leads.clinic.profile import clinic
from leads.consent.ledger import paused_until
from leads.consent.models import Suppression
from leads.db import transaction
from leads.inbound.mail_models import InboundMail
from leads.inbound.read import read, ready
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.todos.models import Todo
from tests.cast import make_confirmed_person, make_lead
from tests.faults.postfix import Postfix, postfix
from tests.faults.table import Impossible
from tests.inbound.door import open_door

pytestmark = [pytest.mark.committed, pytest.mark.timeout(120)]


@pytest.fixture
def door(postgres: str) -> Iterator[int]:
    """The port of our listener."""
    with open_door() as port:
        yield port


@pytest.fixture
def relay(door: int, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    """A real Postfix that brings what comes back for us to our listener; skipped plainly where there is none."""
    folder = data_dir / f"postfix-{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    try:
        with postfix(folder, ours=clinic().mail.domain, back=door) as running:
            yield running
    except Impossible as why:
        pytest.skip(str(why))


def send_to(relay: Postfix, address: str) -> Message:
    """Send one mail to somebody at this address, who is known and may be written to."""
    with transaction() as session:
        person = make_confirmed_person(session, email=address)
        lead = make_lead(session, person)
        message = post(session, person.id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"})
    carrier = SmtpCarrier(relay.url, helo="mail.elmharbor.test")
    assert drain(("transactional",), carrier=carrier) == 1
    carrier.close()
    return message


def wait_for(relay: Postfix, found: Callable[[], object], within: float = 40.0) -> None:
    """Wait until this is there."""
    deadline = time.monotonic() + within
    while not found():
        assert time.monotonic() < deadline, relay.log[-3000:]
        time.sleep(0.1)


def arrived() -> list[InboundMail]:
    with transaction() as session:
        return list(session.scalars(select(InboundMail)))


def read_all() -> None:
    """Read what came in, as the clock's task does."""
    with transaction() as session:
        for row_id in ready(session):
            assert read(session, row_id)


def test_the_servers_own_report_ends_what_went_to_nobody(relay: Postfix, database: None) -> None:
    message = send_to(relay, "nobody@example.com")
    wait_for(relay, arrived)
    read_all()
    with transaction() as session:
        assert session.get_one(Message, message.id).state == "bounced"
        assert session.scalars(select(Suppression.reason)).all() == ["bounced"]
        assert session.scalars(select(Todo.kind)).all() == ["phone-instead"]


def test_an_answer_comes_back_and_their_sequences_rest(relay: Postfix, database: None) -> None:
    message = send_to(relay, "ana@example.com")
    wait_for(relay, lambda: relay.delivered)
    letter = message_from_bytes(relay.delivered[0])
    head = f"From: Ana <ana@example.com>\r\nTo: {letter['Reply-To']}\r\nIn-Reply-To: {letter['Message-ID']}\r\n"
    answer = f"{head}Subject: Re: hello\r\n\r\nCall me.\r\n"
    with smtplib.SMTP("127.0.0.1", relay.port) as theirs:
        theirs.sendmail("ana@example.com", parseaddr(letter["Reply-To"])[1], answer)
    wait_for(relay, arrived)
    read_all()
    with transaction() as session:
        assert message.person_id
        assert (paused_until(session, message.person_id) or message.due_at) > message.due_at + timedelta(days=6)
        assert session.scalars(select(Todo.kind)).all() == ["read-reply"]
