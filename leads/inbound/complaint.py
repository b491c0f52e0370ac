"""Complaints by the reader (ARF, RFC 5965): a spam button somewhere was pressed on a mail of ours."""

import re
import uuid
from dataclasses import dataclass
from email.message import Message as Mail
from typing import Literal

from leads.inbound.mail import address_in, field_groups, header, parts
from leads.messages.addresses import named_by, read_address

# RFC 5965, 7.3, and RFC 6650, 3.2: what says nothing of a reader's wish (`not-spam`, DMARC's `auth-failure`) is no complaint.
KINDS: dict[str, Literal["complained", "unsubscribed"]] = {
    "abuse": "complained", "fraud": "complained", "virus": "complained", "other": "complained", "opt-out": "unsubscribed",
}  # fmt: skip


@dataclass(frozen=True)
class Complaint:
    """What the reader did, and the message of ours it was about where that can be proved."""

    kind: Literal["complained", "unsubscribed"] | None
    message_id: uuid.UUID | None
    address: str | None
    detail: str


def complaint_in(mail: Mail) -> Complaint | None:
    """Return the complaint a mail holds; None for any other mail. Its `kind` is None where the report asks for nothing."""
    report = next((part for part in parts(mail) if part.get_content_type() == "message/feedback-report"), None)
    if report is None:
        return None
    fields = _fields(report)
    kind = header(fields, "Feedback-Type").lower().strip()
    returned = _returned(mail)
    return Complaint(
        KINDS.get(kind), _message_of(fields, returned), address_in(header(fields, "Original-Rcpt-To")), kind[:40] or "no type given"
    )


def _fields(report: Mail) -> Mail:
    return next(iter(field_groups(report)), Mail())


def _returned(mail: Mail) -> Mail | None:
    for part in parts(mail):
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload and isinstance(payload[0], Mail):
            return payload[0]
        if part.get_content_type() == "text/rfc822-headers":
            return _fields(part)
    return None


def _message_of(fields: Mail, returned: Mail | None) -> uuid.UUID | None:
    """Return the message: by a return path or answer address that only we can have signed, or by our Message-ID.

    Who reports often blacks out the reader's address (RFC 5965, 6.1), never what names the message.
    """
    addresses = [header(fields, "Original-Mail-From")]
    if returned is not None:
        addresses += [header(returned, "Return-Path"), *re.findall(r"[br]\+[^\s<>@]+@[^\s<>]+", header(returned, "Reply-To"))]
    named = next((found for address in addresses if (found := read_address(address))), None)
    if named is not None:
        return named.message_id
    return named_by(header(returned, "Message-ID")) if returned is not None else None
