"""Engines with the mistake that ours must not have, to prove that the checker sees it; and a process that doubles every hint."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from config.settings import settings
from leads import db
from leads.audit.trail import record
from leads.clock import now
from leads.messages.carriers.base import Receipt
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
    carrier.answer()


def _mark(message: uuid.UUID) -> None:
    with db.transaction() as session:
        row = session.get_one(Message, message)
        row.state, row.sent_at = "sent", now()
        record(session, "message.sent", row)


def echo() -> None:
    """Give each hint of the clock twice, at once and every two seconds; those that let mail go, five times a second."""
    from config.celery import BEAT, app

    entries = list(BEAT.values())
    delivering = [entry for entry in entries if entry["task"].startswith("tasks.deliver.")]
    while True:
        for due in (entries, *[delivering] * 9):
            for entry in [each for each in due for _ in range(2)]:
                app.send_task(entry["task"], args=entry["args"], queue=entry["options"]["queue"], retry=False)
            time.sleep(0.2)


def ask_nobody() -> None:
    """Have this process's engine ask no guard: whoever said stop, whatever the hour, however late."""
    from leads.messages import permit, send

    send.objection = permit.objection = lambda due: None  # type: ignore[attr-defined]


def swap_recipients() -> None:
    """Have this process's engine send each mail of a pair to the other's person."""

    from leads.messages import deliver

    def swapped(*args: Any, **kwargs: Any) -> Any:
        batch = claim(*args, **kwargs)
        for one, other in zip(batch[::2], batch[1::2], strict=False):
            # What a Due has read it keeps here; nothing else about the two changes.
            one.__dict__["email"], other.__dict__["email"] = other.email, one.email
        return batch

    claim, deliver.claim = deliver.claim, swapped  # type: ignore[attr-defined]


def tell_redis() -> None:
    """Have this process's engine leave a note of each mail in Redis for a moment: whose it is, and to whom, not even in clear."""
    import base64

    import redis

    from leads.messages import deliver

    url = settings().redis_url
    assert url is not None
    client = redis.Redis.from_url(url.get_secret_value())

    def told(hand: Any, line: Any) -> Any:
        for due in hand:
            client.set("seen", json.dumps([due.id.hex, base64.b64encode(due.email.encode()).decode()]))
            client.delete("seen")
        return send(hand, line)

    send, deliver.send = deliver.send, told  # type: ignore[attr-defined]


def say_it_went() -> None:
    """Have this process's engine take each mail back before the dot, and write down that it went."""
    from leads.messages import send as sending

    sending.Line.release = lambda _, offered: offered.carrier.withdraw()  # type: ignore[method-assign]
    sending.Line.hear = lambda *_: Receipt(250)  # type: ignore[method-assign]


ENGINES: Mapping[str, Callable[[], None]] = {"send_then_mark": send_then_mark, "mark_then_send": mark_then_send}
# Ours in all but one thing.
SPOILT: Mapping[str, Callable[[], None]] = {
    "heedless": ask_nobody,
    "swapping": swap_recipients,
    "talkative": tell_redis,
    "boastful": say_it_went,
}
