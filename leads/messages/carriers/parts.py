"""A mail taken apart again, for providers that take no MIME: what they have fields for, and every other header as it was."""

import base64
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import parseaddr

PARSER = BytesParser(policy=default)
# These have fields of their own, or belong to the bytes that the provider writes anew and signs.
NOT_COPIED = {"from", "to", "subject", "reply-to", "date", "mime-version", "content-type", "content-transfer-encoding", "dkim-signature"}


@dataclass(frozen=True)
class Attachment:
    """One file, in base64."""

    name: str
    kind: str
    content: str


@dataclass(frozen=True)
class Parts:
    """What a mail says, as text."""

    from_name: str
    from_address: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    attachments: list[Attachment]


def parts_of(mime: bytes) -> Parts:
    """Return the parts of a mail of ours; its calendar, where it has one, only as the attached file."""
    mail = PARSER.parsebytes(mime)
    assert isinstance(mail, EmailMessage)
    from_name, from_address = parseaddr(str(mail["From"]))
    kept = {name: str(value) for name, value in mail.items() if name.lower() not in NOT_COPIED}
    return Parts(
        from_name=from_name,
        from_address=from_address,
        reply_to=str(mail["Reply-To"] or ""),
        subject=str(mail["Subject"]),
        text=_words(mail, "plain"),
        html=_words(mail, "html"),
        headers=kept,
        attachments=[_attached(part) for part in mail.walk() if part.get_content_disposition() == "attachment"],
    )


def _words(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _attached(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return Attachment(part.get_filename() or "file", part.get_content_type(), base64.b64encode(content).decode("ascii"))
