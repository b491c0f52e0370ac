"""Engines with the mistake that ours must not have, to prove that the checker sees it; and a process that doubles every hint."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import select

from config.settings import settings
from leads import db
from leads.audit.trail import record
from leads.clock import now
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.mime import envelope
from leads.messages.models import Message
from leads.people.models import Person

MAIL = b"From: clinic@faults.test\r\nSubject: hello\r\n\r\nHello.\r\n"
PAUSE = 0.02


def send_then_mark() -> None:
    """Send each due mail, then write down that it went: a kill between the two doubles it."""
    for message, recipient, carrier in _due():
        _send(carrier, message, recipient)
        _mark(message)


def mark_then_send() -> None:
    """Write down that each due mail went, then send it: a kill between the two loses it."""
    for message, recipient, carrier in _due():
        _mark(message)
        _send(carrier, message, recipient)


def _due() -> Iterator[tuple[uuid.UUID, str, SmtpCarrier]]:
    url = settings().smtp_url
    assert url is not None
    carrier = SmtpCarrier(url.get_secret_value(), helo="mutant.test")
    first = select(Message, Person).join(Person, Message.person_id == Person.id).order_by(Message.due_at, Message.id).limit(1)
    while True:
        with db.transaction() as session:
            found = session.execute(first.where(Message.state == "planned", Message.due_at <= now())).first()
        if found is None:
            time.sleep(PAUSE)
            continue
        yield found[0].id, found[1].email or "", carrier


def _send(carrier: SmtpCarrier, message: uuid.UUID, recipient: str) -> None:
    carrier.offer(envelope(message, recipient), MAIL)
    carrier.release()


def _mark(message: uuid.UUID) -> None:
    with db.transaction() as session:
        row = session.get_one(Message, message)
        row.state, row.sent_at = "sent", now()
        record(session, "message.sent", row)


def echo() -> None:
    """Give every hint twice, ten times a second."""
    from leads.messages.models import LANES
    from tasks.deliver import deliver, repair
    from tasks.heartbeat import show_life

    while True:
        for _ in range(2):
            for lane in LANES:
                deliver.apply_async(args=(lane,), queue=lane, retry=False)
                show_life.apply_async(args=(lane,), queue=lane, retry=False)
            repair.apply_async(retry=False)
        time.sleep(0.1)


ENGINES: Mapping[str, Callable[[], None]] = {"send_then_mark": send_then_mark, "mark_then_send": mark_then_send}
