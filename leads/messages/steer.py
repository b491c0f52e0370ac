"""What a person does with a mail that failed or waits: have it sent after all, let it be, or move it to another time."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clinic.windows import Window, next_open
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion
from leads.messages import outcome
from leads.messages.models import Message
from leads.messages.note import TEMPLATE as NOTE
from leads.messages.outbox import MOVED_BY_STAFF, STOPPABLE
from leads.messages.recover import LOST_LEASES_ARE_POISON
from leads.messages.templates import catalogue
from leads.todos.open import finish_all


def retry(session: Session, message_id: uuid.UUID, *, actor: str, fence: int | None = None) -> Message:
    """Plan a failed message once more; every guard is asked again before it goes.

    Raises NotFound, Conflict when it has not failed, StaleVersion when it was tried again since `fence` was read.
    """
    message = _failed(session, message_id, fence)
    message.attempts, message.actor = 0, actor
    # What cost workers their lives is tried alone, and the next death ends it again.
    message.lost_leases = min(message.lost_leases, LOST_LEASES_ARE_POISON - 1)
    outcome.plan_again(session, message, now(), "retried")
    _settled(session, message, "again", actor)
    return message


def dismiss(session: Session, message_id: uuid.UUID, *, actor: str, fence: int | None = None) -> Message:
    """Say of a failed message that it is not needed; raises what `retry` raises."""
    message = _failed(session, message_id, fence)
    message.actor = actor
    outcome.end(session, message, "cancelled", reason="not-needed")
    _settled(session, message, "not-needed", actor)
    return message


def move(session: Session, message_id: uuid.UUID, at: datetime, *, actor: str) -> Message:
    """Give a message that waits another time, the next at which its window is open; raises NotFound, Conflict or Invalid."""
    message = _held(session, message_id)
    if message.state not in STOPPABLE:
        raise Conflict(f"This message cannot be moved any more: it is {message.state}.")
    office = clinic().office((message.window or {}).get("office"))
    due = _in_window(message, at)
    was = times_of(message)
    if message.template == NOTE:
        # A note is as old as the time its author gave it.
        message.useful_until = catalogue()[NOTE].meta.useful_until(due)
    if due < now() or (message.useful_until is not None and due > message.useful_until):
        raise _no_time(message, due)
    message.local_due = f"{due.astimezone(office.zone).isoformat(timespec='seconds')}[{office.zone.key}]"
    message.due_at, message.moved_by = due, [MOVED_BY_STAFF]
    _planned(message, actor)
    record(session, "message.moved", message, actor=actor, due=due.isoformat(), was=was)
    return message


def times_of(message: Message) -> dict[str, Any]:
    """Return when a message was to go, as its trail keeps it."""
    until = message.useful_until.isoformat() if message.useful_until else None
    return {"due": message.due_at.isoformat(), "local_due": message.local_due, "moved_by": list(message.moved_by), "useful_until": until}


def move_back(session: Session, message_id: uuid.UUID, *, due: str, was: Mapping[str, Any], actor: str) -> Message:
    """Give a message that a colleague moved to `due` the time it had; raises Conflict when it has gone, or was given another since."""
    message = _held(session, message_id)
    if message.state not in STOPPABLE:
        raise Conflict("The mail has gone, or is just going: nobody can call it back.")
    if message.due_at != datetime.fromisoformat(due):
        raise Conflict("The mail was given another time since.")
    message.due_at, message.local_due, message.moved_by = datetime.fromisoformat(was["due"]), was["local_due"], was["moved_by"]
    message.useful_until = datetime.fromisoformat(was["useful_until"]) if was["useful_until"] else None
    _planned(message, actor)
    record(session, "message.moved_back", message, actor=actor, due=was["due"])
    return message


def take_up(session: Session, message_id: uuid.UUID, *, reason: str, actor: str) -> Message:
    """Let a message that was taken back for a reason wait again, at its own time; raises Conflict where it did not stay so."""
    message = _held(session, message_id)
    if (message.state, message.reason) != ("cancelled", reason):
        raise Conflict(f"The mail is {message.state} since.")
    _planned(message, actor)
    record(session, "message.taken_up", message, actor=actor, due=message.due_at.isoformat())
    return message


def _planned(message: Message, actor: str) -> None:
    # A higher fence tells a worker that holds the row to let it go.
    message.fence, message.lease_until, message.actor = message.fence + 1, None, actor
    message.state, message.reason, message.state_at = "planned", None, now()


def _held(session: Session, message_id: uuid.UUID) -> Message:
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound("There is no such message.")
    return message


def _failed(session: Session, message_id: uuid.UUID, fence: int | None) -> Message:
    message = _held(session, message_id)
    if message.state != "failed":
        raise Conflict(f"This message has not failed, or somebody has settled it: it is {message.state}.")
    if fence is not None and fence != message.fence:
        raise StaleVersion("This message was tried again and failed again since you looked. Look once more, then decide.")
    return message


def _in_window(message: Message, at: datetime) -> datetime:
    if message.window is None:
        return at
    opens = next_open(Window.model_validate(message.window["rule"]), clinic().office(message.window.get("office")).calendar, at)
    return opens.at if opens else at


def _no_time(message: Message, due: datetime) -> Invalid:
    words = "Choose a time that is still to come." if due < now() else "It would come too late to be of use then. Choose an earlier time."
    return Invalid(words, errors=(FieldError("at", "no_time", words),))


def _settled(session: Session, message: Message, verdict: str, actor: str) -> None:
    record(session, "message.decided", message, actor=actor, verdict=verdict)
    # One to-do stands for all failed mails of a lead: it is done with the last of them.
    others = select(exists().where(Message.lead_id == message.lead_id, Message.state == "failed", Message.id != message.id))
    if message.lead_id and not session.scalar(others):
        for kind in ("phone-instead", "phone-referrer"):
            finish_all(session, kind, lead_id=message.lead_id, actor=actor, outcome=verdict)
