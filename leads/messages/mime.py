"""A rendered mail as bytes: one mailbox, neutral headers, text and HTML, nothing that tracks."""

import base64
import uuid
from collections.abc import Sequence
from datetime import datetime

from leads.clinic.profile import clinic
from leads.clock import now
from leads.messages.addresses import return_path
from leads.messages.calendar_file import FILE_NAME, CalendarPart
from leads.messages.carriers.base import Envelope
from leads.messages.due import Due
from leads.messages.headers import UnsafeHeader, head, one_mailbox
from leads.messages.mail_keys import CannotSign
from leads.messages.models import Message
from leads.messages.prepare import Ready
from leads.messages.quoted import CRLF, quoted
from leads.messages.render import Rendered
from leads.messages.signature import signatures

__all__ = ["UnsafeHeader", "build", "envelope", "message_id"]


def message_id(row_id: uuid.UUID) -> str:
    """Return the Message-ID of a row: derived from its id, the same on every retry (RFC 5322, 3.6.4)."""
    return f"<{row_id.hex}@{clinic().mail.domain}>"


def envelope(row_id: uuid.UUID, address: str) -> Envelope:
    """Return who it goes to, and the return path that names the message when it bounces."""
    return Envelope(return_path(row_id), one_mailbox(address), row_id)


def build(
    message: Message | Due,
    address: str,
    rendered: Rendered | Ready,
    unsubscribe_url: str | None,
    *,
    discreet: bool,
    calendar: CalendarPart | None = None,
    at: datetime | None = None,
) -> bytes:
    """Return the mail with CRLF line ends, signed where we sign; raises UnsafeHeader rather than send a header that could be two.

    The same message, facts and moment (now, or `at`) give the same bytes: their hash proves later what was sent.
    """
    moment = at or now()
    # In quoted-printable "=_" cannot occur, so no text can end its part (RFC 2045, 6.7; RFC 2046, 5.1.1).
    kind, body = _body(f"=_{message.id.hex}", rendered, calendar)
    heading = head(message, address, rendered.subject, unsubscribe_url, language=rendered.language, discreet=discreet, at=moment)
    heading += f"Content-Type: {kind}"
    content = f"{body}\r\n".encode("ascii")
    signed = _signed(message, heading, content[len(CRLF) :], moment) if clinic().mail.dkim.sign else ""
    return f"{signed}{heading}\r\n".encode("ascii") + content


def _signed(message: Message | Due, heading: str, body: bytes, moment: datetime) -> str:
    try:
        return signatures(heading, body, moment)
    except CannotSign:
        # A page that somebody may be in danger goes as it is: unsigned it may still arrive.
        if message.lane != "safety":
            raise
        return ""


def _body(boundary: str, rendered: Rendered | Ready, calendar: CalendarPart | None) -> tuple[str, str]:
    text, html = (rendered.text, rendered.html) if isinstance(rendered, Ready) else (quoted(rendered.text), quoted(rendered.html))
    parts = [_part("text/plain", text), _part("text/html", html)]
    if calendar is None:
        return _several("alternative", boundary, parts)
    # Twice, for neither is read everywhere: most clients take the alternative by its method, some only open an attachment.
    # The inner line of parting must not begin as the outer one does (RFC 2046, 5.1.1).
    parts.append(_part(f"text/calendar; method={calendar.method}", quoted(calendar.file.decode())))
    kind, body = _several("alternative", f"=_inner.{boundary[2:]}", parts)
    return _several("mixed", boundary, [f"Content-Type: {kind}\r\n{body}", _attached(calendar)])


def _several(kind: str, boundary: str, parts: Sequence[str]) -> tuple[str, str]:
    body = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts)
    return f'multipart/{kind}; boundary="{boundary}"', f"{body}\r\n--{boundary}--"


def _attached(calendar: CalendarPart) -> str:
    encoded = base64.encodebytes(calendar.file).decode("ascii").strip().replace("\n", CRLF)
    head = f'Content-Type: application/ics; name="{FILE_NAME}"\r\nContent-Disposition: attachment; filename="{FILE_NAME}"'
    return f"{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"


def _part(kind: str, encoded: str) -> str:
    return f'Content-Type: {kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}'
