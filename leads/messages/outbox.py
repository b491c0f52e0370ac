"""Putting a message down to be sent, and taking it back."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record, record_about
from leads.clock import now
from leads.errors import Conflict, NotFound
from leads.messages.models import Message
from leads.messages.templates import catalogue

STOPPABLE = ("planned", "claimed")


def post(
    session: Session,
    person_id: uuid.UUID,
    template: str,
    *,
    cause: str,
    lead_id: uuid.UUID | None = None,
    facts: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    planned_for: datetime | None = None,
    local_due: str | None = None,
    moved_by: Sequence[str] = (),
    window: Mapping[str, Any] | None = None,
    useful_until: datetime | None = None,
    on_unknown: str = "assume_sent",
    depends_on: Mapping[str, Any] | None = None,
    enrolment_id: uuid.UUID | None = None,
    step: str | None = None,
    occurrence: int = 0,
    lane: str | None = None,
    state: str = "planned",
    reason: str | None = None,
    actor: str = SYSTEM,
) -> Message:
    """Return a new message, due at once unless a time is given; lane, topic and level are the template's own unless overruled."""
    meta = catalogue()[template].meta
    due = due_at or now()
    message = Message(
        person_id=person_id,
        lead_id=lead_id,
        enrolment_id=enrolment_id,
        step=step,
        occurrence=occurrence,
        template=template,
        lane=lane or meta.lane,
        topic=meta.topic,
        level=meta.level,
        cause=cause,
        depends_on=dict(depends_on or {}),
        due_at=due,
        planned_for=planned_for or due,
        local_due=local_due or due.isoformat(),
        moved_by=list(moved_by),
        window=dict(window) if window else None,
        useful_until=useful_until,
        on_unknown=on_unknown,
        state=state,
        reason=reason,
        state_at=now(),
        actor=actor,
        created_at=now(),
        fence=0,
        attempts=0,
        lost_leases=0,
        facts=dict(facts or {}),
    )
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
    message = session.get(Message, message_id, with_for_update=True)
    if message is None:
        raise NotFound("There is no such message.")
    if message.state not in STOPPABLE:
        raise Conflict(f"This message cannot be stopped any more: it is {message.state}.")
    message.state, message.reason, message.state_at, message.actor, message.lease_until = "cancelled", reason, now(), actor, None
    record(session, "message.cancelled", message, actor=actor, reason=reason)
    return message
