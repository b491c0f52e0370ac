"""The headers of a mail: what may stand in them, and the lines that mails of a kind have alike, written once."""

import hashlib
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache

from leads.clinic.profile import clinic
from leads.clinic.sender import WRITES_A_HEADER
from leads.errors import LeadsError
from leads.messages.addresses import reply_address
from leads.messages.due import Due
from leads.messages.models import Message
from leads.messages.quoted import CRLF

# A local part in quotes is valid too (RFC 5321, 4.1.2), and servers read it in different ways: no address we write to needs one.
ONE_MAILBOX = re.compile(r"^[^\s<>,;:\"()\\@\x00-\x1f\x7f-\U0010ffff]+@[^\s<>,;:\"()\\@\x00-\x1f\x7f-\U0010ffff]+$")
ONE_LINK = re.compile(r"https?://[!-;=?-~]+")
# What a topic's list is called (RFC 2919): an inbox may show it, so it tells less than the topic.
LISTS = {
    "inquiry": "answers",
    "education": "letters",
    "screening": "forms",
    "visits": "dates",
    "referral": "notices",
    "sign-in": "access",
    "staff": "desk",
}


class UnsafeHeader(LeadsError):
    """A header value could have smuggled in another header; the mail is not sent."""

    status = 500
    code = "unsafe_header"


def head(
    message: Message | Due, address: str, subject: str, unsubscribe_url: str | None, *, language: str, discreet: bool, at: datetime
) -> str:
    """Return the header block up to MIME-Version, each line with its CRLF; raises UnsafeHeader.

    It is what these ask for: RFC 5322, 3.6 (once each); RFC 2369 and 2919 (lists); RFC 8058 (one click); RFC 3834 (automatic).
    """
    mail = clinic().mail
    return "".join((
        _from(mail.discreet_name if discreet else mail.from_name, mail.from_address),
        f"To: {one_mailbox(address)}\r\nSubject: {_safe('Subject', subject)}\r\nDate: {_date(at.replace(microsecond=0))}\r\n"
        f"Message-ID: <{message.id.hex}@{mail.domain}>\r\nReply-To: {one_mailbox(reply_address(message.id))}\r\n",
        _way_out(unsubscribe_url),
        _alike(message.topic, str(message.template), str(message.lane), language, mail.list_domain, mail.reply_to, mail.domain),
    ))  # fmt: skip


def one_mailbox(address: str) -> str:
    """Return an address that is one plain mailbox; raises UnsafeHeader for anything else."""
    if not ONE_MAILBOX.fullmatch(address):
        raise UnsafeHeader("The recipient is not one plain mailbox.")
    return address


def list_id(topic: str) -> str:
    """Return the List-Id of a topic, one each; raises UnsafeHeader for a topic that has none."""
    if topic not in LISTS:
        raise UnsafeHeader("The topic of a mail has no list.")
    return f"<{LISTS[topic]}.{_domain(clinic().mail.list_domain)}>"


def campaign(template: str) -> str:
    """Return what a template is called in Feedback-ID: nothing that can be read, for its name may say what the mail is about."""
    return f"t{hashlib.sha256(template.encode()).hexdigest()[:10]}"


@lru_cache(maxsize=64)
def _from(name: str, address: str) -> str:
    if WRITES_A_HEADER.search(name):
        raise UnsafeHeader("From of a mail has characters no header may carry.")
    return f"From: {formataddr((name, one_mailbox(address)))}\r\n"


# By the values themselves: where the clinic's file says something else, it is another block.
@lru_cache(maxsize=512)
def _alike(topic: str, template: str, lane: str, language: str, list_domain: str, reply_to: str, domain: str) -> str:
    lines = {
        "List-Id": list_id(topic),
        # Whoever cannot do it by themselves is helped by a person (RFC 2369, 3.1).
        "List-Help": f"<mailto:{one_mailbox(reply_to)}>",
        "Feedback-ID": _feedback_id(topic, template, lane, domain),
        "Auto-Submitted": "auto-generated",
        # Exchange goes by this header of its own (MS-OXCMAIL), whatever Auto-Submitted says.
        "X-Auto-Response-Suppress": "All",
        "Content-Language": language,
        "MIME-Version": "1.0",
    }
    return "".join(f"{name}: {_safe(name, value)}\r\n" for name, value in lines.items())


def _feedback_id(topic: str, template: str, lane: str, domain: str) -> str:
    # Gmail counts complaints by each part; the last, of 5 to 15 signs, is the sender (support.google.com/mail/answer/6254652).
    # No part names a person or an illness, and none is the same as another.
    sender = "".join(filter(str.isalnum, _domain(domain)))[:15].ljust(5, "0")
    return f"{campaign(template)}:{LISTS[topic]}:{lane}:{sender}"


def _domain(domain: str) -> str:
    return one_mailbox(f"it@{domain}")[3:]


@lru_cache(maxsize=4)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _way_out(unsubscribe_url: str | None) -> str:
    if unsubscribe_url is None:
        return ""
    if not ONE_LINK.fullmatch(unsubscribe_url):
        raise UnsafeHeader("The way out of a mail is not one plain link.")
    return f"List-Unsubscribe: <{unsubscribe_url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def _safe(name: str, value: str) -> str:
    if WRITES_A_HEADER.search(value):
        raise UnsafeHeader(f"{name} of a mail has characters no header may carry.")
    return value if value.isascii() else Header(value, "utf-8", header_name=name).encode(linesep=CRLF)
