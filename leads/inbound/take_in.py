"""A mail arrives: it is kept as it came, once, before anybody is told that we have it."""

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.clock import now
from leads.db import new_id
from leads.errors import LeadsError, NotFound
from leads.inbound.mail_models import InboundMail
from leads.messages.addresses import is_ours
from leads.security.fields import blind_index, seal

LARGEST = 20 * 1024 * 1024
RAW_IS_KEPT = timedelta(days=90)
SETTLED = ("done", "ignored")
NAMING = re.compile(rb"^(?:from|date|message-id|subject):[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)


class TooBig(LeadsError):
    """The mail is larger than we take (552, RFC 5321)."""

    status = 413
    code = "too_large"


@dataclass(frozen=True)
class Arrived:
    """One mail to one recipient, by which way it came; `sender` is the envelope's, empty for a report."""

    raw: bytes
    recipient: str
    sender: str
    channel: str


def take_in(session: Session, mail: Arrived) -> uuid.UUID | None:
    """Keep a mail and return its row's id; None where the same mail to the same address is here already.

    Raises NotFound for an address that is not ours, TooBig above `LARGEST` octets. Nothing is read yet: whatever it holds, it is kept.
    """
    check_recipient(mail.recipient)
    if len(mail.raw) > LARGEST:
        raise TooBig(f"A mail may have at most {LARGEST // 1024 // 1024} MB.")
    row_id = new_id()
    cells = {"sender": mail.sender, "recipient": mail.recipient, "raw": base64.b64encode(mail.raw).decode("ascii")}
    sealed = {f"{name}_cell": seal(value, table="inbound_mails", column=name, row_id=row_id) for name, value in cells.items()}
    plain = {"channel": mail.channel, "size": len(mail.raw), "received_at": now(), "state": "waiting", "urgent": False, "tries": 0}
    row = {"id": row_id, "fingerprint": fingerprint(mail), "look_at": now(), **plain, **sealed}
    # Whoever brings it twice, after an answer that was lost or from two sides at once, finds the one row.
    once = insert(InboundMail).values(row).on_conflict_do_nothing(index_elements=["fingerprint"])
    if session.scalar(once.returning(InboundMail.id)) is None:
        return None
    record_about(session, "mail.received", "inbound_mails", row_id, channel=mail.channel, size=len(mail.raw))
    return row_id


def check_recipient(address: str) -> None:
    """Raise NotFound for an address that takes no mail here."""
    if not is_ours(address):
        raise NotFound("This address takes no mail here.", code="no_such_mailbox")


def forget_raw(session: Session) -> None:
    """Forget mails word for word, attachments too, some time after they were read; what was made of them stays."""
    old = (InboundMail.state.in_(SETTLED), InboundMail.handled_at < now() - RAW_IS_KEPT, InboundMail.__table__.c.raw.is_not(None))
    session.execute(update(InboundMail).where(*old).values(raw_cell=None))


def fingerprint(mail: Arrived) -> bytes:
    """Return what two copies of one mail to one recipient have in common, and no two mails."""
    head, _, body = mail.raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    named = sorted(b" ".join(each.split()) for each in NAMING.findall(head))
    digest = hashlib.sha256(b"\x00".join([mail.recipient.strip().lower().encode("utf-8", "replace"), *named, b"", body]))
    return blind_index("inbound-mail", digest.hexdigest())
