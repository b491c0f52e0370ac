"""Reports on delivery (RFC 3464): whose mail came to what end, with which status, whoever wrote the report."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message as Mail
from email.utils import parsedate_to_datetime
from typing import Literal

from flufl.bounce import all_failures

from leads.inbound.mail import address_in, decoded, field_groups, header, parts, text_of
from leads.inbound.status import status_of
from leads.messages.addresses import named_by, read_address

End = Literal["delivered", "deferred", "bounced"]
# `relayed` and `expanded` tell only that nobody will report any more.
ENDS: dict[str, End] = {"failed": "bounced", "delayed": "deferred", "delivered": "delivered"}
RETURNED_AS = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
MOST = 20
WORDS = 300
# Names under which servers that write no report of their own kind send back what they could not deliver.
FROM_A_SERVER = re.compile(r"mailer-daemon|postmaster|mail delivery (?:sub)?system|mail administrator", re.IGNORECASE)
RETURNED = re.compile(
    r"undeliver(?:ed|able)|delivery (?:status notification|failure|has failed|incomplete|delayed)|returned (?:mail|to sender)"
    r"|failure notice|mail delivery failed|could ?n.t be delivered|no se (?:pudo|ha podido) entregar|no entregado"
    r"|delayed|warning: message",
    re.IGNORECASE,
)
STILL_TRYING = re.compile(r"delayed|still (?:being )?(?:tr|retr)|will (?:be )?(?:re)?tr(?:y|ied)|warning", re.IGNORECASE)


@dataclass(frozen=True)
class Report:
    """What became of one recipient: the enhanced status (RFC 3463), and the words of the server that said so."""

    end: End
    address: str | None
    status: str | None
    detail: str
    at: datetime | None = None


def reports(mail: Mail) -> list[Report]:
    """Return what a mail reports about recipients; nothing where it is no report."""
    found = list(_of_standard(mail))
    return found or list(_of_its_own_kind(mail))


def is_report(mail: Mail) -> bool:
    """True for a mail in which a server reports on another one."""
    return any(True for _ in _status_parts(mail)) or _comes_from_a_server(mail)


def message_reported(mail: Mail, recipient: str) -> uuid.UUID | None:
    """Return which message of ours a report is about: by the address it came back to, else by what it returns of the mail."""
    named = read_address(recipient)
    if named is not None and named.use == "bounce":
        return named.message_id
    return _returned_id(mail)


def _of_standard(mail: Mail) -> Iterator[Report]:
    for part in _status_parts(mail):
        blocks = _blocks(part)
        for block in blocks[:MOST]:
            action = header(block, "Action").lower().split(";")[0].strip()
            if action in ENDS:
                yield _report(block, ENDS[action])


def _report(block: Mail, end: End) -> Report:
    said = header(block, "Diagnostic-Code")
    status = status_of(header(block, "Status"), said, failed=end == "bounced")
    address = _typed(header(block, "Original-Recipient")) or _typed(header(block, "Final-Recipient"))
    return Report(end, address, status, said[:WORDS], _moment(header(block, "Last-Attempt-Date")))


def _of_its_own_kind(mail: Mail) -> Iterator[Report]:
    """Yield what can be made out where a server keeps to no standard: flufl finds the address, the status is read here."""
    if not _comes_from_a_server(mail):
        return
    try:
        passing, lasting = all_failures(mail)
    except Exception:
        # Made for well-formed mail, it meets every other kind here.
        passing, lasting = frozenset(), frozenset()
    words = text_of(mail)
    waits = bool(STILL_TRYING.search(f"{header(mail, 'Subject')}")) or bool(passing and not lasting)
    end: End = "deferred" if waits else "bounced"
    status = status_of("", words, failed=end == "bounced")
    for octets in sorted(lasting | passing)[:MOST] or [b""]:
        yield Report(end, address_in(octets.decode("ascii", "replace")), status, _line_with_status(words))


def _status_parts(mail: Mail) -> Iterator[Mail]:
    return (part for part in parts(mail) if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"))


def _blocks(part: Mail) -> list[Mail]:
    """Return the groups of fields after the first, which is about the whole mail; all of them where a server left that out."""
    return [each for each in field_groups(part) if each.get("Action") or each.get("Final-Recipient")]


def _comes_from_a_server(mail: Mail) -> bool:
    from_whom = FROM_A_SERVER.search(header(mail, "From"))
    return bool(from_whom and (RETURNED.search(header(mail, "Subject")) or "X-Failed-Recipients" in mail))


def _typed(value: str) -> str | None:
    """Return the mailbox of a field like `rfc822; ana@example.com`."""
    kind, _, address = value.partition(";")
    return address_in((address or kind).strip()) if kind else None


def _moment(words: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(words)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else None


def _line_with_status(words: str) -> str:
    found = re.search(r"^.*\b[45]\d\d\b.*$|^.*#?[45]\.\d+\.\d+.*$", words, re.MULTILINE)
    return " ".join(found[0].split())[:WORDS] if found else ""


def _returned_id(mail: Mail) -> uuid.UUID | None:
    """Return the message of ours whose header a report brings back, by the Message-ID in it."""
    for part in parts(mail):
        if part.get_content_type() in RETURNED_AS and (named := named_by(_message_id_in(part))):
            return named
    # Without parts of its own, the mail is quoted in the text.
    found = re.search(r"^>?[ \t]*Message-ID:\s*(<[^>\s]+>)", text_of(mail), re.IGNORECASE | re.MULTILINE)
    return named_by(found[1]) if found else None


def _message_id_in(part: Mail) -> str:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Mail):
        return header(payload[0], "Message-ID")
    found = re.search(r"^Message-ID:\s*(\S+)", decoded(part), re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""
