"""A mail that was kept is read: a report, a complaint, an absence note, an answer, or something for a colleague to look at."""

import base64
import uuid
from collections.abc import Sequence
from datetime import timedelta
from email.message import Message as Mail
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.inbound.answered import hear, lead_for, person_answered, person_is_away, referrer_answered
from leads.inbound.automatic import Automatic, automatic
from leads.inbound.complaint import Complaint, complaint_in
from leads.inbound.cry import take_up
from leads.inbound.delivery_report import Report, is_report, message_reported, reports
from leads.inbound.events import apply
from leads.inbound.mail import attachments, clean, header, headers, parse, text_of
from leads.inbound.mail_models import InboundMail
from leads.inbound.own_words import own_words
from leads.inbound.whose import Whose, whose
from leads.loop.models import Referral
from leads.messages.addresses import named_by
from leads.messages.carriers.events import MailEvent
from leads.messages.models import Message
from leads.safety.phrases import found

AT_ONCE = 200
MOST_TRIES = 5
AGAIN_AFTER = timedelta(seconds=30)
# RFC 5321, 6.3: a mail that passed so many servers goes in a circle.
MOST_HOPS = 100
KINDS = {"bounced": "bounce", "deferred": "deferral", "delivered": "delivery"}


def ready(session: Session) -> Sequence[uuid.UUID]:
    """Return the mails that are still to be read, the longest waiting first."""
    waiting = select(InboundMail.id).where(InboundMail.state == "waiting", InboundMail.look_at <= now())
    return session.scalars(waiting.order_by(InboundMail.look_at, InboundMail.id).limit(AT_ONCE)).all()


def read(session: Session, row_id: uuid.UUID) -> str | None:
    """Read one kept mail and do what it asks for; returns what it was taken for, None where another worker has it in hand."""
    waiting = select(InboundMail).where(InboundMail.id == row_id, InboundMail.state == "waiting")
    row = session.scalar(waiting.with_for_update(skip_locked=True))
    if row is None:
        return None
    mail = parse(base64.b64decode(row.raw or ""))
    row.said = summary(mail)
    kind, state, reason = _read(session, row, mail)
    settle(session, row, kind=kind, state=state, reason=reason)
    return kind


def put_off(session: Session, row_id: uuid.UUID) -> None:
    """Read a mail that could not be read again later; after some tries a colleague looks at it. It keeps no other waiting."""
    row = session.get(InboundMail, row_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "waiting":
        return
    row.tries += 1
    row.look_at = now() + AGAIN_AFTER * 2**row.tries
    if row.tries >= MOST_TRIES:
        settle(session, row, kind=row.kind or "unknown", state="failed", reason="unreadable")


def settle(session: Session, row: InboundMail, *, kind: str, state: str, reason: str | None, actor: str = SYSTEM) -> None:
    """Write down what a mail was taken for and what became of it."""
    row.kind, row.state, row.reason, row.handled_at, row.handled_by = kind, state, reason, now(), actor
    record(session, "mail.read", row, actor=actor, kind=kind, state=state, reason=reason)


def summary(mail: Mail) -> dict[str, Any]:
    """Return what a colleague sees of a mail: subject, author, text, what its author wrote themselves, the names of attachments."""
    text = text_of(mail)[:20_000]
    files = [{"name": each.name, "kind": each.kind, "size": each.size} for each in attachments(mail)]
    return {
        "subject": header(mail, "Subject")[:300],
        "from": header(mail, "From")[:300],
        "text": text,
        "own": own_words(text) if text else "",
        "attachments": files,
    }


Outcome = tuple[str, str, str | None]


def _read(session: Session, row: InboundMail, mail: Mail) -> Outcome:
    if why := _goes_in_circles(mail):
        return "automatic", "ignored", why
    if complaint := complaint_in(mail):
        return _complained(session, row, complaint)
    if is_report(mail):
        return _reported(session, row, mail)
    machine, theirs = automatic(mail, row.sender or ""), whose(session, mail, row.recipient or "")
    if theirs and theirs.message:
        row.message_id = theirs.message.id
    if machine is not None:
        return _by_machine(session, row, mail, machine, theirs)
    return _answered(session, row, mail, theirs)


def _goes_in_circles(mail: Mail) -> str | None:
    if named_by(header(mail, "Message-ID")):
        return "our-own-mail"
    return "too-many-hops" if len(headers(mail, "Received")) > MOST_HOPS else None


def _complained(session: Session, row: InboundMail, complaint: Complaint) -> Outcome:
    if complaint.kind is None:
        return "complaint", "ignored", "no-complaint"
    # Anybody can write a complaint about anybody: without a sign that only the mail itself bears, a colleague looks at it.
    message = session.get(Message, complaint.message_id) if complaint.message_id else None
    if message is None:
        return "complaint", "unmatched", "not-our-message"
    row.message_id, row.lead_id = message.id, message.lead_id
    apply(session, _event(row, complaint.kind, message.id, 0, address=complaint.address, detail=complaint.detail))
    return "complaint", "done", None


def _reported(session: Session, row: InboundMail, mail: Mail) -> Outcome:
    message_id, told = message_reported(mail, row.recipient or ""), reports(mail)
    message = session.get(Message, message_id) if message_id else None
    if message is None:
        return "bounce", "unmatched", "not-our-message"
    row.message_id = message.id
    # What the mail server returned is our own mail, and its words are on the event.
    row.said = {**(row.said or {}), "text": "", "own": ""}
    if not told:
        return "bounce", "unmatched", "says-nothing"
    for number, report in enumerate(told):
        apply(session, _told(row, report, message.id, number))
    return KINDS[told[0].end], "done", None


def _told(row: InboundMail, report: Report, message_id: uuid.UUID, number: int) -> MailEvent:
    return _event(row, report.end, message_id, number, address=report.address, status=report.status, detail=report.detail)


def _event(
    row: InboundMail, kind: Any, message_id: uuid.UUID, number: int, *, address: str | None, detail: str, status: str | None = None
) -> MailEvent:
    provider_id = f"{row.fingerprint.hex()}-{number}"
    return MailEvent(kind, row.received_at, message_id, address, status, provider_id, "mail", clean(detail) or None)


def _by_machine(session: Session, row: InboundMail, mail: Mail, machine: Automatic, theirs: Whose | None) -> Outcome:
    if machine.kind == "out-of-office" and theirs and theirs.person_id:
        person_is_away(session, row, mail, theirs, surely=machine.sure)
        return "out-of-office", "done", None
    if machine.sure or theirs is None or not theirs.is_proved:
        return _pass_over(session, row, mail, machine, theirs)
    # An answer to a mail of ours with a mark that mailing lists, but also some companies' servers, put on everything.
    return _answered(session, row, mail, theirs, by_machine=True)


def _pass_over(session: Session, row: InboundMail, mail: Mail, machine: Automatic, theirs: Whose | None) -> Outcome:
    kind = "out-of-office" if machine.kind == "out-of-office" else "automatic"
    if not found([text_of(mail)]):
        return kind, "ignored", machine.kind
    # Whatever it looks like: words like these are read by a person.
    if theirs and theirs.person_id and hear(session, theirs, lead := lead_for(session, theirs), [text_of(mail)]):
        row.person_id, row.lead_id = lead.person_id, lead.id
        return kind, "done", machine.kind
    if theirs and theirs.message:
        return kind, "ignored", machine.kind
    row.urgent = True
    return kind, "unmatched", machine.kind


def _answered(session: Session, row: InboundMail, mail: Mail, theirs: Whose | None, *, by_machine: bool = False) -> Outcome:
    if theirs and theirs.person_id:
        return person_answered(session, row, mail, theirs, by_machine=by_machine), "done", None
    if theirs and theirs.message and theirs.message.referral_id:
        referral = session.get_one(Referral, theirs.message.referral_id, with_for_update=True)
        referrer_answered(session, row, mail, referral, theirs.message.id)
        return "referrer", "done", None
    row.urgent = found([header(mail, "Subject"), text_of(mail)])
    if row.urgent and theirs is None and take_up(session, row, mail):
        return "reply", "done", "cry-for-help"
    return "unknown", "unmatched", "no-lead-named" if theirs else "unknown-sender"
