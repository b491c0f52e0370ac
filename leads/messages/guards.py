"""Why a message may not go now: asked before it is rendered, and again between the body and the final dot."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clinic.windows import Window, next_open
from leads.clock import local_to_utc, now
from leads.consent.ledger import paused_until
from leads.consent.may_email import Kind, may_email
from leads.messages.models import Message
from leads.messages.templates import catalogue
from leads.people.models import Person

# As the plan writes it: 2026-12-28T09:00:00-05:00[America/New_York].
LOCAL_INTENT = re.compile(r"(?P<local>[\dT:-]{19})[+-]\d\d:\d\d(:\d\d)?\[(?P<zone>[^\]]+)\]")


@dataclass(frozen=True)
class Objection:
    """Why not: the state the row ends in with its reason, or, where it is only early, until when it waits."""

    reason: str
    state: str = "skipped"
    wait_until: datetime | None = None


def objection(session: Session, message: Message, person: Person) -> Objection | None:
    """Return why this message may not go now, or None when every guard lets it pass."""
    if message.useful_until is not None and now() > message.useful_until:
        return Objection("outlived", "expired")
    kind = Kind(message.topic, message.lane, message.level, answers=catalogue()[message.template].meta.to_unconfirmed)
    reason = may_email(session, person.id, person.email_index, kind)
    if reason == "paused":
        return _wait(message, "paused", paused_until(session, person.id) or now())
    if reason is not None:
        return Objection(reason)
    meant = _as_zones_are_today(message)
    if meant is not None and meant > now():
        return _wait(message, "zone", meant)
    opens = _next_open(message)
    return _wait(message, "window", opens) if opens > now() else None


def _wait(message: Message, reason: str, until: datetime) -> Objection:
    if message.useful_until is not None and until > message.useful_until:
        return Objection("outlived", "expired")
    return Objection(reason, "planned", until)


def _as_zones_are_today(message: Message) -> datetime | None:
    """Return the UTC moment of the local time that was meant, by today's time zone rules; None where none was."""
    intent = LOCAL_INTENT.fullmatch(message.local_due)
    if intent is None:
        return None
    local = datetime.fromisoformat(intent["local"])
    # A legislature may move a clock change between planning and sending; the wall clock of the office is what was promised.
    return local_to_utc(local.date(), local.time(), ZoneInfo(intent["zone"]))


def _next_open(message: Message) -> datetime:
    if message.window is None or message.lane == "transactional":
        return now()
    office = clinic().office(message.window.get("office"))
    window = Window.model_validate(message.window["rule"])
    opens = next_open(window, office.calendar, now())
    # A window that never opens again is useless to wait for: the due time was planned inside it once.
    return opens.at if opens else now()
