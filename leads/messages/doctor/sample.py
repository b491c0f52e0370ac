"""A mail of ours, made and read again: the form Gmail and Yahoo ask for, and signatures that hold by the keys DNS shows."""

import secrets
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import dkim

from config.settings import settings
from leads.clinic.profile import clinic
from leads.errors import LeadsError
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns, DnsAway
from leads.messages.mime import build, message_id
from leads.messages.models import Message
from leads.messages.render import Rendered

# RFC 5322, 3.6: at most once, and these also at least once.
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To")
LONGEST_LINE = 998


def check_sample(dns: Dns) -> list[Finding]:
    """Return how a sample mail stands; it is sent to nobody."""
    message = Message(topic="inquiry", template="sample", lane="transactional", language="en")
    rendered = Rendered("A sample", "Hello.\n", "<p>Hello.</p>", "1", "")
    try:
        raw = build(message, "ana@example.com", rendered, f"{settings().public_url}/u/{secrets.token_urlsafe(32)}", discreet=False)
    except LeadsError as error:
        return [Finding("format", "sample", "wrong", error.message)]
    return [_form(raw, message_id(message.id)), *([_signed(raw, dns)] if clinic().mail.dkim.sign else [])]


def _form(raw: bytes, own_id: str) -> Finding:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    wrong = [name for name in ONCE if len(mail.get_all(name, [])) != 1]
    wrong += ["Message-ID"] if mail["Message-ID"] != own_id else []
    wrong += ["List-Unsubscribe-Post"] if mail["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" else []
    wrong += ["the length of a line"] if max(map(len, raw.split(b"\r\n"))) > LONGEST_LINE else []
    if wrong or mail.defects:
        return Finding("format", "sample", "wrong", f"A mail of ours is not as RFC 5322 has it: {', '.join(wrong) or mail.defects[0]}.")
    return Finding(
        "format", "sample", "ok", "A mail of ours has one From, one Date, a Message-ID of its own, and both headers of one click."
    )


def _signed(raw: bytes, dns: Dns) -> Finding:
    def ask(name: bytes, timeout: float = 5) -> bytes | None:
        found = dns.texts(name.decode().rstrip("."))
        return found[0].encode() if found else None

    try:
        held = [dkim.DKIM(raw).verify(place, dnsfunc=ask) for place in (0, 1)]
    except DnsAway as away:
        return Finding("signature", "sample", "unknown", f"DNS did not say ({away}); try again.")
    except dkim.DKIMException as error:
        return Finding("signature", "sample", "wrong", f"A receiver cannot check our signature: {error}.")
    if not all(held):
        return Finding("signature", "sample", "wrong", "A signature of ours does not hold by the key that is published; see dkim above.")
    return Finding("signature", "sample", "ok", "Both signatures of a mail of ours hold by the keys that are published.")
