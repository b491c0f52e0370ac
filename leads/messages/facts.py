"""What a template may know: the message's own facts, the person's allow-listed ones, and the links of this mail."""

from datetime import datetime
from typing import Any

from config.settings import settings
from leads.clinic.in_words import day_in_words, in_words, time_in_words
from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.messages.due import Due
from leads.security.tokens import CONFIRM_FOR, Grant, Right, derive

SPOKEN_TIMES = ("expected_by", "visit_at")


def facts_for(due: Due) -> dict[str, Any]:
    """Return the plain values a render of this message may use; nothing is read or written."""
    facts = dict(due.facts)
    zone = clinic().office(facts.get("office")).zone
    for name in SPOKEN_TIMES:
        if name in facts:
            moment = datetime.fromisoformat(facts[name])
            stem = name.rpartition("_")[0]
            facts |= {name: in_words(moment, zone, due.language)}
            facts |= {f"{stem}_day": day_in_words(moment, zone, due.language), f"{stem}_time": time_in_words(moment, zone)}
    return facts | {"given_name": due.given_name, "discreet": due.discreet} | _links(due)


def _links(due: Due) -> dict[str, str | None]:
    """Return the links of this mail, the same on each render."""
    root, unproved = settings().public_url, due.to_unconfirmed and not due.confirmed
    return {
        "unsubscribe_url": f"{root}/u/{derive('unsubscribe', due.id)}",
        "preferences_url": f"{root}/p/{derive('preferences', due.person_id)}",
        "confirm_url": f"{root}/c/{derive('confirm', due.id)}" if unproved else None,
    }


def rights(due: Due) -> list[Right]:
    """Return what the links of this mail stand for; recorded in the transaction that lets it go, they begin to work."""
    mine = [
        Right(due.id, Grant("unsubscribe", due.person_id, due.id, due.topic)),
        Right(due.person_id, Grant("preferences", due.person_id)),
    ]
    confirm = Grant("confirm", due.person_id, due.id, expires_at=real_now() + CONFIRM_FOR)
    return [*mine, Right(due.id, confirm)] if due.to_unconfirmed else mine
