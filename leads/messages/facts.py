"""What a template may know: the message's own facts, the person's allow-listed ones, and the links of this mail."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from config.settings import settings
from leads.clinic.in_words import day_in_words, in_words, time_in_words
from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.consent.ledger import is_confirmed
from leads.messages.models import Message
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.security.tokens import CONFIRM_FOR, Grant, derive, issue_all

SPOKEN_TIMES = ("expected_by", "visit_at")


def facts_for(session: Session, message: Message, person: Person) -> dict[str, Any]:
    """Return the plain values a render of this message may use; nothing is written."""
    facts = dict(message.facts or {})
    language, zone = person.language, clinic().office(facts.get("office")).zone
    for name in SPOKEN_TIMES:
        if name in facts:
            moment = datetime.fromisoformat(facts[name])
            stem = name.rpartition("_")[0]
            facts |= {name: in_words(moment, zone, language)}
            facts |= {f"{stem}_day": day_in_words(moment, zone, language), f"{stem}_time": time_in_words(moment, zone)}
    return facts | {"given_name": person.given_name, "discreet": person.discreet} | links(session, message, person)


def links(session: Session, message: Message, person: Person) -> dict[str, str | None]:
    """Return the links of this mail, the same on each render."""
    root = settings().public_url
    unproved = catalogue()[message.template].meta.to_unconfirmed and not is_confirmed(session, person.id, person.email_index)
    return {
        "unsubscribe_url": f"{root}/u/{derive('unsubscribe', message.id)}",
        "preferences_url": f"{root}/p/{derive('preferences', person.id)}",
        "confirm_url": f"{root}/c/{derive('confirm', message.id)}" if unproved else None,
    }


def issue_links(session: Session, message: Message, person: Person) -> None:
    """Make the links of this mail work, in the transaction that lets it go."""
    rights = [(message.id, Grant("unsubscribe", person.id, message.id, message.topic)), (person.id, Grant("preferences", person.id))]
    if catalogue()[message.template].meta.to_unconfirmed:
        rights.append((message.id, Grant("confirm", person.id, message.id, expires_at=real_now() + CONFIRM_FOR)))
    issue_all(session, rights)
