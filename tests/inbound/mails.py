"""Mail of other systems as it comes in, after their published forms; and how it is brought to us."""

import uuid
from email.message import Message as Mail
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from leads.inbound.mail import header, parse
from leads.inbound.mail_models import InboundMail
from leads.inbound.read import read
from leads.inbound.take_in import Arrived, take_in
from leads.messages.addresses import reply_address, return_path
from leads.messages.models import Message

FOLDER = Path(__file__).parent / "received"
NOBODY = uuid.UUID("01990000-0000-7000-8000-0000000000aa")


def received(name: str, message: Message | uuid.UUID = NOBODY, *, quoted: str = "We call by Wednesday.", **changed: str) -> bytes:
    """A mail of the folder, about one message of ours; `changed` replaces words in it."""
    message_id = message if isinstance(message, uuid.UUID) else message.id
    words = (FOLDER / f"{name}.eml").read_text(encoding="utf-8")
    told = {"RETURN_PATH": return_path(message_id), "REPLY_TO": reply_address(message_id), "OURS": message_id.hex, "QUOTED": quoted}
    for name_of, value in (told | changed).items():
        words = words.replace(name_of, value)
    return words.replace("\n", "\r\n").encode("utf-8")


def parsed(name: str, **told: Any) -> Mail:
    """The same, read."""
    return parse(received(name, **told))


def arrived(raw: bytes, *, to: str | None = None, sender: str | None = None) -> Arrived:
    """A mail on its way in: to the address it names, from its Return-Path."""
    mail = parse(raw)
    recipient = to or header(mail, "To").rpartition("<")[2].strip("<>")
    return Arrived(raw, recipient, header(mail, "Return-Path").strip("<>") if sender is None else sender, "lmtp")


def bring(session: Session, raw: bytes, **how: Any) -> InboundMail:
    """Take a mail in and read it; returns its row."""
    row_id = take_in(session, arrived(raw, **how))
    assert row_id
    assert read(session, row_id)
    return session.get_one(InboundMail, row_id, populate_existing=True)


def written(body: str, *, subject: str = "Re: Your office", sender: str = "ana@example.com", to: str, **headers: str) -> bytes:
    """A plain mail somebody writes."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"Return-Path: <{sender}>\r\nFrom: Ana Rivera <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
    head += f"Message-ID: <{uuid.uuid4()}@example.com>\r\n"
    return f"{head}{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()
