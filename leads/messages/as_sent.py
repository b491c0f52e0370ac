"""A mail that went out, made again from the version and the facts it was made from, and held against the hash of what was sent."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.audit.trail import record
from leads.clock import now
from leads.errors import LeadsError, NotFound
from leads.messages.calendar_file import METHODS, CalendarPart, calendar_file
from leads.messages.due import JUST_CLAIMED, Due
from leads.messages.facts import spoken
from leads.messages.mime import build
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.render import Rendered, render_template
from leads.messages.templates import Template
from leads.messages.versions import kept

Proof = Literal["same", "differs", "not-kept"]
PROOFS: dict[Proof, str] = {
    "same": "Made again, it is byte for byte what was sent.",
    "differs": "These are its words. Its bytes differ, for something around them changed since: the address, the sender, or the program.",
    "not-kept": "The version it was made from was not kept, so it cannot be made again.",
}
# The Date header is of the second in which the mail was written; its attempt was written down once the carrier had the body.
LONGEST_OFFER = 180


@dataclass(frozen=True)
class AsSent:
    """A message, its words as they were, and how sure we are of its bytes."""

    message: Message
    rendered: Rendered | None
    proof: Proof

    @property
    def in_words(self) -> str:
        """The proof as people read it."""
        return PROOFS[self.proof]


def as_sent(session: Session, message_id: uuid.UUID, *, actor: str, act: str = "message.read") -> AsSent:
    """Return a mail that went out as it read, its links left out, on record as `act`; raises NotFound, RenderError or CellError."""
    message, due = _gone(session, message_id)
    record(session, act, message, actor=actor, version=message.template_version)
    template = _template(session, message)
    if template is None:
        return AsSent(message, None, "not-kept")
    facts = spoken(message.facts or {}, message.language or "en")
    return AsSent(message, _words(message, template, facts), "same" if _is_same(session, due, template, facts, message) else "differs")


def html_as_sent(session: Session, message_id: uuid.UUID, *, actor: str, act: str) -> str:
    """Return the HTML of a mail that went out, without the proof; on record as `act`. Raises what `as_sent` raises."""
    message, _ = _gone(session, message_id)
    record(session, act, message, actor=actor, version=message.template_version)
    template = _template(session, message)
    if template is None:
        raise NotFound(PROOFS["not-kept"])
    return _words(message, template, spoken(message.facts or {}, message.language or "en")).html


def _gone(session: Session, message_id: uuid.UUID) -> tuple[Message, Due]:
    message = session.get(Message, message_id)
    found = session.execute(JUST_CLAIMED, {"ids": [message_id], "at": now()}).first()
    if message is None or found is None or message.template_version is None or message.language is None:
        raise NotFound("There is no such message, or it was never on its way.")
    return message, Due(*found)


def _template(session: Session, message: Message) -> Template | None:
    return kept(session, message.template, message.language or "en", message.template_version or "")


def _words(message: Message, template: Template, facts: Mapping[str, Any]) -> Rendered:
    # Whoever holds such a link acts as the recipient: to unsubscribe somebody is not a colleague's by way of reading.
    hidden = {name: f"{settings().public_url}/…" for name, value in facts.items() if name.endswith("_url") and value}
    return render_template(template, message.language or "en", {**facts, **hidden})


def _is_same(session: Session, due: Due, template: Template, facts: Mapping[str, Any], message: Message) -> bool:
    if due.email_index != message.address_index:
        return False
    try:
        rendered = render_template(template, message.language or due.language, facts)
        moments = session.scalars(select(DeliveryAttempt.at).where(DeliveryAttempt.message_id == message.id)).all()
        tries = (at - timedelta(seconds=seconds) for at in moments for seconds in range(LONGEST_OFFER))
        return any(sha256(_made(due, template, rendered, facts, at)).digest() == message.mime_hash for at in tries)
    except LeadsError:
        return False


def _made(due: Due, template: Template, rendered: Rendered, facts: Mapping[str, Any], at: datetime) -> bytes:
    discreet, method = bool(facts.get("discreet")), METHODS.get(template.meta.calendar or "")
    file = method and calendar_file(due.facts, method=method, language=rendered.language, discreet=discreet, attendee=due.email, at=at)
    calendar = CalendarPart(method, file) if method and file else None
    return build(due, due.email, rendered, facts.get("unsubscribe_url"), discreet=discreet, calendar=calendar, at=at)
