"""The local mailbox: an SMTP server on loopback that keeps each mail in a Maildir, and the reading of it."""

import asyncio
import email
import mailbox
import re
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from leads.clock import now
from leads.errors import NotFound
from leads.local.place import Place

LARGEST = 20_000_000
KEY = re.compile(r"[A-Za-z0-9._=,-]+")


@dataclass(frozen=True)
class Mail:
    """One mail as it was received: the envelope, the system's time then, and what a reader would show."""

    key: str
    received_at: datetime
    envelope_from: str
    envelope_to: str
    subject: str
    sender: str
    to: str
    date: str
    text: str
    html: str
    headers: list[tuple[str, str]]
    raw: bytes


class Keep:
    """The server's handler: every mail is accepted and kept, its envelope in headers of ours on top."""

    def __init__(self, folder: Path) -> None:
        self.maildir = mailbox.Maildir(str(folder), create=True)
        self.lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep one mail, once for each recipient."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        for recipient in envelope.rcpt_tos:
            await asyncio.to_thread(self.keep, content, envelope.mail_from or "", recipient)
        return "250 2.0.0 kept"

    def keep(self, content: bytes, sender: str, recipient: str) -> str:
        """Write one mail to the Maildir; returns its key."""
        ours = {"X-Envelope-From": sender, "X-Envelope-To": recipient, "X-System-Time": now().isoformat()}
        head = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in ours.items()).encode()
        with self.lock:
            return self.maildir.add(head + content)


def serve(folder: Path, port: int, host: str = "127.0.0.1") -> Controller:
    """Start the server in a thread of this process; `stop()` ends it."""
    controller = Controller(Keep(folder), hostname=host, port=port, data_size_limit=LARGEST, enable_SMTPUTF8=True)
    controller.start()
    return controller


def read_all(data_dir: Path) -> list[Mail]:
    """Return every mail that was kept, the newest first."""
    folder = Place(data_dir).mailbox
    if not folder.is_dir():
        return []
    kept = mailbox.Maildir(str(folder), create=False)
    mails = [_parse(key, kept.get_bytes(key)) for key in kept.iterkeys()]
    return sorted(mails, key=lambda mail: (mail.received_at, mail.key), reverse=True)


def read_one(data_dir: Path, key: str) -> Mail:
    """Return one mail; raises NotFound when there is none of that key."""
    folder = Place(data_dir).mailbox
    if not KEY.fullmatch(key) or not folder.is_dir():
        raise NotFound("There is no such mail in the local mailbox.")
    try:
        return _parse(key, mailbox.Maildir(str(folder), create=False).get_bytes(key))
    except KeyError:
        raise NotFound("There is no such mail in the local mailbox.") from None


def _parse(key: str, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=default)
    headers = [(name, str(value)) for name, value in message.items()]
    return Mail(
        key=key,
        received_at=datetime.fromisoformat(str(message["X-System-Time"])),
        envelope_from=str(message["X-Envelope-From"]),
        envelope_to=str(message["X-Envelope-To"]),
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        date=str(message["Date"] or ""),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=[(name, value) for name, value in headers if not name.startswith(("X-Envelope-", "X-System-Time"))],
        raw=raw,
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _one_line(value: str) -> str:
    return re.sub(r"[\r\n]+", " ", value)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])
    threading.Event().wait()
