"""Reading the local mailbox: the Maildir in which a trial's mails stay."""

import email
import mailbox
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from leads.errors import NotFound

KEY = re.compile(r"[A-Za-z0-9._=,-]+")
OURS = ("X-Envelope-From", "X-Envelope-To", "X-System-Time")


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
    calendar: str
    headers: list[tuple[str, str]]
    raw: bytes


def read_all(data_dir: Path, *, at_most: int | None = None) -> list[Mail]:
    """Return the mails that were kept, the last kept first; only so many where a number is given."""
    folder = data_dir / "mailbox"
    if not folder.is_dir():
        return []
    kept = mailbox.Maildir(str(folder), create=False)
    # A key begins with the second, and then the microsecond, in which the mail was kept.
    keys = sorted(kept.iterkeys(), key=_kept_at, reverse=True)
    return [_parse(key, kept.get_bytes(key)) for key in keys[:at_most]]


def _kept_at(key: str) -> tuple[int, int, str]:
    found = re.match(r"(\d+)\.M(\d+)", key)
    return (int(found[1]), int(found[2]), key) if found else (0, 0, key)


def read_one(data_dir: Path, key: str) -> Mail:
    """Return one mail; raises NotFound when there is none of that key."""
    folder = data_dir / "mailbox"
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
        calendar=_calendar(message),
        headers=[(name, value) for name, value in headers if name not in OURS],
        raw=raw,
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _calendar(message: EmailMessage) -> str:
    part = next((part for part in message.walk() if part.get_content_type() == "text/calendar"), None)
    return str(part.get_content()) if part is not None else ""
