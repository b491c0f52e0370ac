"""Putting a message down to be sent, and taking it back."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record, record_about
from leads.clock import now
from leads.errors import Conflict, NotFound
from leads.messages.models import Message
from leads.messages.templates import catalogue

STOPPABLE = ("planned", "claimed")
# Stands in `moved_by` of a message that a colleague gave its time; a plan leaves that alone.
MOVED_BY_STAFF = "a colleague moved it"


class Columns(TypedDict, total=False):
    """What a caller may decide of a message beside what it is and why; left out, it is due at once and on its own."""

    provider_id: uuid.UUID | None
    delegate_id: uuid.UUID | None
    claim_id: uuid.UUID | None
    account_id: uuid.UUID | None
    desk_id: uuid.UUID | None
    about_id: uuid.UUID | None
    referral_id: uuid.UUID | None
    lead_id: uuid.UUID | None
    enrolment_id: uuid.UUID | None
    step: str | None
    occurrence: int
    due_at: datetime
    planned_for: datetime
    local_due: str
    moved_by: Sequence[str]
    window: Mapping[str, Any] | None
    useful_until: datetime | None
    on_unknown: str
    depends_on: Mapping[str, Any]
    lane: str
    state: str
    reason: str | None


def post(
    session: Session,
    person_id: uuid.UUID | None,
    template: str,
    *,
    cause: str,
    facts: Mapping[str, Any] | None = None,
    actor: str = SYSTEM,
    **decided: Unpack[Columns],
) -> Message:
    """Return a new message, due at once unless a time is given; lane, topic, level and how long it is of use are the template's own.

    It goes to a person, or, with None for one, to the `provider_id`, `delegate_id`, `claim_id`, `account_id` or `desk_id` that is given.
    """
    meta, at = catalogue()[template].meta, now()
    due = decided.get("due_at", at)
    values: dict[str, Any] = {
        "occurrence": 0,
        "lane": meta.lane,
        "due_at": due,
        "planned_for": due,
        "local_due": due.isoformat(),
        "useful_until": meta.useful_until(due),
        "moved_by": [],
        "depends_on": {},
        "on_unknown": "assume_sent",
        "state": "planned",
    }
    mine = {"topic": meta.topic, "level": meta.level, "cause": cause, "actor": actor, "created_at": at, "state_at": at}
    fresh = {"fence": 0, "attempts": 0, "lost_leases": 0, "facts": dict(facts or {})}
    message = Message(person_id=person_id, template=template, **values | decided | mine | fresh)
    session.add(message)
    return message


def cancel(session: Session, *which: ColumnElement[bool], reason: str, actor: str = SYSTEM) -> int:
    """End every message of `which` that no carrier has yet been told to take, also one a worker just claimed; returns how many."""
    ended = session.scalars(
        update(Message)
        .where(Message.state.in_(STOPPABLE), *which)
        .values(state="cancelled", reason=reason, state_at=now(), actor=actor, lease_until=None)
        .returning(Message.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    for message_id in ended:
        record_about(session, "message.cancelled", "messages", message_id, actor=actor, reason=reason)
    return len(ended)


def cancel_one(session: Session, message_id: uuid.UUID, *, reason: str, actor: str) -> Message:
    """Take one message back; raises NotFound, or Conflict when it has gone or ended already."""
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFound("There is no such message.")
    if message.state not in STOPPABLE:
        raise Conflict(f"This message cannot be stopped any more: it is {message.state}.")
    message.state, message.reason, message.state_at, message.actor, message.lease_until = "cancelled", reason, now(), actor, None
    record(session, "message.cancelled", message, actor=actor, reason=reason)
    return message
