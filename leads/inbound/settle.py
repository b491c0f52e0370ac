"""What an event means: for its message, for the address it went to, for the sequences of whoever it went to, and for a colleague."""

import uuid
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.consent.ledger import Spoken, suppress
from leads.db import lock
from leads.messages import outcome
from leads.messages.carriers.events import MailEvent
from leads.messages.decide import end_doubt
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.recipients import OF_OURS, RECIPIENTS, address_index_of, recipient_of
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.unsubscribe import stop_topic
from leads.sequences.stop import stop_for
from leads.todos.open import open_todo

# What an event makes of its message. Who unsubscribes by it has it; a carrier that puts it off has it, too.
BECOMES = {
    "delivered": "delivered",
    "deferred": "sent",
    "bounced": "bounced",
    "complained": "complained",
    "unsubscribed": "delivered",
    "rejected": "failed",
}
# Whichever comes first, the one further down this list stays: events overtake each other.
ORDER = ("sent", "failed", "delivered", "bounced", "complained")
AGAIN = ("planned", "claimed")
ACTOR = "system"


def settle(session: Session, event: MailEvent) -> str | None:
    """Do what an event asks for and return what was made of it; None while its message is on its way, or not to be found."""
    if event.message_id is None:
        return _about_an_address(session, event)
    message = _held(session, event.message_id)
    if message is None or message.state == "sending":
        # Carriers are quick: the news may be here before we have written down that it went.
        return None
    went_at = session.scalar(select(func.max(DeliveryAttempt.at)).where(DeliveryAttempt.message_id == message.id))
    if went_at is None:
        return "never-sent"
    made = _advance(session, message, event, went_at)
    _draw_conclusions(session, message, event)
    return made


def _held(session: Session, message_id: uuid.UUID) -> Message | None:
    message = session.get(Message, message_id)
    if message is None:
        return None
    # The person's lock comes before any row of theirs, here as in planning and in delivery.
    lock(session, "person", recipient_of(message)[1])
    return session.get(Message, message_id, with_for_update=True, populate_existing=True)


def _advance(session: Session, message: Message, event: MailEvent, went_at: datetime) -> str:
    to = BECOMES[event.kind]
    if message.state in ORDER and ORDER.index(message.state) >= ORDER.index(to):
        return "noted"
    # A copy that came back says nothing against the next try, which asks every guard anew; one that arrived makes it a double.
    if message.state in AGAIN and event.kind in ("bounced", "rejected"):
        return "noted"
    was_unknown = message.state == "unknown"
    message.sent_at = message.sent_at or went_at
    outcome.end(session, message, to, reason=_reason(event))
    if was_unknown:
        end_doubt(session, message, actor=ACTOR, outcome=to)
    return to


def _reason(event: MailEvent) -> str | None:
    if event.says_bad_address:
        return "bad-address"
    if event.kind == "rejected":
        return "carrier-refused"
    if event.kind == "bounced":
        return {"2.2": "mailbox-full"}.get((event.status or "")[2:]) or ("not-accepted" if (event.status or "")[2:4] == "7." else None)
    return None


def _draw_conclusions(session: Session, message: Message, event: MailEvent) -> None:
    index = message.address_index or address_index_of(session, message)
    if event.says_bad_address:
        suppress(session, address_index=index, reason="bounced", actor=ACTOR)
        if message.person_id:
            stop_for(session, "bounce", person_id=message.person_id, actor=ACTOR)
    # An educational mail that met a full mailbox is no reason to phone anybody.
    if event.kind in ("bounced", "rejected") and (event.says_bad_address or message.lane != "education"):
        outcome.phone_instead(session, message)
    if event.kind == "complained":
        _complained(session, message, index, _proof(event))
    if event.kind == "unsubscribed":
        _unsubscribed(session, message, index, _proof(event))


def _proof(event: MailEvent) -> Spoken:
    about = f"message {event.message_id}" if event.message_id else "the address alone"
    return Spoken(source="mail-service", method=event.kind, evidence=f"{event.carrier} told of {about}: {event.provider_id}")


def _complained(session: Session, message: Message, index: bytes | None, how: Spoken) -> None:
    if message.person_id:
        _stop_all(session, message.person_id, message.lead_id, how)
    # A colleague's spam button must not cut them off from pages about somebody in danger.
    elif recipient_of(message)[0].__tablename__ not in OF_OURS:
        suppress(session, address_index=index, reason="complained", actor=ACTOR)
        outcome.phone_instead(session, message)


def _unsubscribed(session: Session, message: Message, index: bytes | None, how: Spoken) -> None:
    if message.person_id:
        stop_topic(session, message.person_id, message.topic, how=how)
    elif recipient_of(message)[0].__tablename__ not in OF_OURS:
        suppress(session, address_index=index, topic=message.topic, reason="unsubscribed", actor=ACTOR)


def _stop_all(session: Session, person_id: uuid.UUID, lead_id: uuid.UUID | None, how: Spoken) -> None:
    suppress(session, person_id=person_id, reason="complained", actor=ACTOR, how=how)
    stop_for(session, "asked-to-stop", person_id=person_id, actor=ACTOR, reason="complained")
    due = end_of_business_days(clinic().office(None).calendar, now(), 1)
    open_todo(session, "complained", person_id=person_id, lead_id=lead_id, due_at=due)


def _about_an_address(session: Session, event: MailEvent) -> str:
    """Stop what goes to an address that is known here; a carrier's account may serve others beside us."""
    index = email_index(event.address) if event.address else None
    if index is None or not any(session.scalar(select(exists().where(model.email_index == index))) for model in RECIPIENTS.values()):
        return "nobody"
    if not event.says_bad_address and event.kind not in ("complained", "unsubscribed"):
        return "noted"
    people = session.scalars(select(Person.id).where(Person.email_index == index).order_by(Person.id)).all()
    # What somebody stopped they may allow again, and what stops an address no wish of theirs lifts.
    if event.kind != "unsubscribed" or not people:
        reason = "bounced" if event.says_bad_address else event.kind
        suppress(session, address_index=index, reason=reason, actor=ACTOR)
    for person_id in people:
        _tell_of_address(session, person_id, event)
    return "suppressed"


def _tell_of_address(session: Session, person_id: uuid.UUID, event: MailEvent) -> None:
    if event.kind == "complained":
        _stop_all(session, person_id, None, _proof(event))
    elif event.kind == "unsubscribed":
        stop_topic(session, person_id, None, how=_proof(event))
    else:
        stop_for(session, "bounce", person_id=person_id, actor=ACTOR)
        due = end_of_business_days(clinic().office(None).calendar, now(), 1)
        open_todo(session, "phone-instead", person_id=person_id, lead_id=None, due_at=due)
