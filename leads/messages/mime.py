"""A rendered mail as bytes: one mailbox, neutral headers, text and HTML, nothing that tracks."""

import base64
import re
import uuid
from collections.abc import Sequence
from email.header import Header
from email.utils import format_datetime, formataddr

from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import LeadsError
from leads.messages.addresses import reply_address, return_path
from leads.messages.calendar_file import FILE_NAME, CalendarPart
from leads.messages.carriers.base import Envelope
from leads.messages.due import Due
from leads.messages.models import Message
from leads.messages.prepare import Ready
from leads.messages.quoted import CRLF, quoted
from leads.messages.render import Rendered

# An encoded word or a line break in a value would let a name write headers of its own (RFC 5322, 2.2; RFC 2047).
UNSAFE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]|=\?")
ONE_MAILBOX = re.compile(r"^[^\s<>,;:\"()\\]+@[^\s<>,;:\"()\\@]+$")


class UnsafeHeader(LeadsError):
    """A header value could have smuggled in another header; the mail is not sent."""

    status = 500
    code = "unsafe_header"


def message_id(row_id: uuid.UUID) -> str:
    """Return the Message-ID of a row: derived from its id, the same on every retry (RFC 5322, 3.6.4)."""
    return f"<{row_id.hex}@{clinic().mail.domain}>"


def envelope(row_id: uuid.UUID, address: str) -> Envelope:
    """Return who it goes to, and the return path that names the message when it bounces."""
    if not ONE_MAILBOX.fullmatch(address):
        raise UnsafeHeader("The recipient is not one plain mailbox.")
    return Envelope(return_path(row_id), address, row_id)


def build(
    message: Message | Due,
    address: str,
    rendered: Rendered | Ready,
    unsubscribe_url: str | None,
    *,
    discreet: bool,
    calendar: CalendarPart | None = None,
) -> bytes:
    """Return the mail with CRLF line ends; raises UnsafeHeader rather than send a header that could be two.

    The same message, facts and moment give the same bytes: their hash proves later what was sent.
    """
    mail = clinic().mail
    # In quoted-printable "=_" cannot occur, so no text can end its part (RFC 2045, 6.7; RFC 2046, 5.1.1).
    boundary = f"=_{message.id.hex}"
    headers = {
        "To": address,
        "Subject": rendered.subject,
        "Date": format_datetime(now()),
        "Message-ID": message_id(message.id),
        "Reply-To": reply_address(message.id),
        "List-Id": f"<{message.topic}.{mail.list_domain}>",
        **_way_out(unsubscribe_url),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": rendered.language,
        "MIME-Version": "1.0",
    }
    head = [f"From: {_sender(mail.discreet_name if discreet else mail.from_name, mail.from_address)}"]
    head += [f"{name}: {_safe(name, value)}" for name, value in headers.items()]
    kind, body = _body(boundary, rendered, calendar)
    head.append(f"Content-Type: {kind}")
    return f"{CRLF.join(head)}\r\n{body}\r\n".encode("ascii")


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


def _way_out(unsubscribe_url: str | None) -> dict[str, str]:
    if unsubscribe_url is None:
        return {}
    return {"List-Unsubscribe": f"<{unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _sender(name: str, address: str) -> str:
    if UNSAFE.search(name):
        raise UnsafeHeader("From of a mail has characters no header may carry.")
    return formataddr((name, address))


def _part(kind: str, encoded: str) -> str:
    return f'Content-Type: {kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}'


def _safe(name: str, value: str) -> str:
    if UNSAFE.search(value):
        raise UnsafeHeader(f"{name} of a mail has characters no header may carry.")
    return value if value.isascii() else Header(value, "utf-8", header_name=name).encode(linesep=CRLF)
