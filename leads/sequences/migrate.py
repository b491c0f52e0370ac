"""Moves running enrolments to another version of their sequence, on command only, and can say beforehand what that would do.

What was had stays had, by the step's key and by its template. Beyond that, of a step that the other version

- *no longer has*, the planned mail is cancelled and the open to-do closed;
- *calls by another name*, the old one is cancelled and the new one planned, unless the person had that template already (`had-already`);
- *adds*, the mail is planned; but a step whose time has passed already is left out (`added-late`), for nobody should get at once what
  others got over weeks;
- *times anew*, the planned mail moves; what is overdue by the new time, and still of use, goes as soon as its window opens, a day apart
  from its neighbour as ever.
"""

import uuid
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.messages.models import Message
from leads.sequences.enroll import WENT
from leads.sequences.models import Enrolment, SequenceVersion
from leads.sequences.publish import definition_of, version_numbered
from leads.sequences.replan import Change, changes, replan
from leads.sequences.todos import pass_over


class Line(NamedTuple):
    """What the move did to one mail: `created`, `updated`, `cancelled`, `left-out`, `unchanged` or `had`; when it is due now, and why."""

    step: str
    did: str
    local_due: str
    why: str | None


class Move(NamedTuple):
    """One enrolment that changed its version."""

    enrolment_id: uuid.UUID
    lead_id: uuid.UUID
    before: int
    after: int
    lines: tuple[Line, ...]


def migrate(session: Session, key: str, *, to: int | None = None, actor: str) -> list[Move]:
    """Move the running enrolments of a sequence to a version, by default to what its file says now; raises NotFound.

    An enrolment that rests under a hold keeps its version: it wakes to what it was promised.
    """
    target = version_numbered(session, key, to)
    others = select(Enrolment.id).where(Enrolment.sequence_key == key, Enrolment.ended_at.is_(None), Enrolment.version_id != target.id)
    # In the order of the persons: two such commands at once must not wait for each other's locks crosswise.
    ids = session.scalars(others.order_by(Enrolment.person_id, Enrolment.id)).all()
    moves = (_move(session, each, target, actor=actor) for each in ids)
    return [move for move in moves if move is not None]


def rehearse(session: Session, key: str, *, to: int | None = None, actor: str) -> list[Move]:
    """Return what `migrate` would do: it is done for real, and undone."""
    with session.begin_nested() as attempt:
        moves = migrate(session, key, to=to, actor=actor)
        attempt.rollback()
    return moves


def _move(session: Session, enrolment_id: uuid.UUID, target: SequenceVersion, *, actor: str) -> Move | None:
    enrolment = session.get_one(Enrolment, enrolment_id)
    lock(session, "person", enrolment.person_id)
    session.refresh(enrolment, with_for_update=True)
    if enrolment.ended_at is not None:
        return None
    old = session.get_one(SequenceVersion, enrolment.version_id)
    before = _rows(session, enrolment)
    enrolment.version_id = target.id
    record(session, "sequence.migrated", enrolment, actor=actor, sequence=target.key, before=old.number, after=target.number)
    known = {step.key for step in definition_of(session, old.id).steps}
    added = [each for each in changes(session, enrolment, actor=actor) if each.step not in known]
    for each in added:
        _leave_out(session, enrolment, each, actor=actor)
    session.flush()
    replan(session, enrolment, actor=actor)
    session.flush()
    lines = _compare(before, _rows(session, enrolment))
    return Move(enrolment.id, enrolment.lead_id, old.number, target.number, lines)


def _leave_out(session: Session, enrolment: Enrolment, added: Change, *, actor: str) -> None:
    planned, row = added.planned, added.row
    if planned is None:
        return
    if planned.todo and planned.planned_for <= now():
        pass_over(session, enrolment, planned, outcome="passed", actor=actor)
    elif row is not None and row.state == "planned" and (why := _why_not(session, enrolment, row)):
        row.state, row.reason, row.state_at = "skipped", why, now()
        record(session, "message.skipped", row, actor=actor, reason=why)


def _why_not(session: Session, enrolment: Enrolment, row: Message) -> str | None:
    mine = select(Message.id).where(Message.enrolment_id == enrolment.id, Message.template == row.template, Message.state.in_(WENT))
    if session.scalar(mine.limit(1)):
        return "had-already"
    return "added-late" if row.planned_for <= now() else None


Key = tuple[str, int]
Told = tuple[str, str | None, str, str]


def _rows(session: Session, enrolment: Enrolment) -> dict[Key, Told]:
    rows = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id).order_by(Message.due_at, Message.id))
    return {(row.step or "", row.occurrence): (row.state, row.reason, row.local_due, row.template) for row in rows}


def _compare(before: Mapping[Key, Told], after: Mapping[Key, Told]) -> tuple[Line, ...]:
    return tuple(Line(key[0], _what(before.get(key), told), told[2], told[1]) for key, told in after.items())


def _what(before: Told | None, after: Told) -> str:
    state = after[0]
    if state in WENT:
        return "had"
    if before == after:
        return "unchanged"
    if state in ("planned", "claimed"):
        return "updated" if before else "created"
    return "cancelled" if before and before[0] in ("planned", "claimed") else "left-out"
