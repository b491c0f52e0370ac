"""Ends what an event ends, in the transaction of that event; and wakes what only rested."""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, NotFound
from leads.messages.models import Message
from leads.messages.outbox import cancel
from leads.sequences.enroll import history, plan_facts
from leads.sequences.models import Enrolment
from leads.sequences.plan import SKIPS, PlannedStep, plan
from leads.sequences.publish import definition_of
from leads.sequences.replan import change, changes, end_waiting, replan, wanted_of
from leads.sequences.todos import STOPPED, let_go, pass_over

# What ends with one of these may run again; any other event that comes in the meantime ends it for good.
RESTS = ("hold",)


def stop_for(
    session: Session,
    event: str,
    *,
    person_id: uuid.UUID | None = None,
    lead_id: uuid.UUID | None = None,
    actor: str,
    reason: str | None = None,
) -> int:
    """End the enrolments of a person or a lead that list this event in `stops_on`, and cancel their mails; returns how many ended.

    Where only a step lists it, that step's mail alone is cancelled.
    """
    whose = Enrolment.person_id == person_id if person_id else Enrolment.lead_id == lead_id
    # The person's lock comes before any row of theirs, here as in planning and in delivery, or two of these could wait for each other.
    for each in session.scalars(select(Enrolment.person_id).where(whose).distinct().order_by(Enrolment.person_id)).all():
        lock(session, "person", each)
    ended = 0
    for enrolment in _alive(session, whose, event):
        definition = definition_of(session, enrolment.version_id)
        if definition.stops(event):
            _end(session, enrolment, reason or event, actor=actor)
            ended += 1
        elif pointless := definition.stopped_steps(event):
            _drop_steps(session, enrolment, pointless, reason or event, actor=actor)
    return ended


def stop_one(session: Session, enrolment_id: uuid.UUID, *, actor: str, reason: str) -> Enrolment:
    """End one running enrolment and cancel its mails; raises NotFound, or Conflict where it has ended already."""
    person_id = session.scalar(select(Enrolment.person_id).where(Enrolment.id == enrolment_id))
    if person_id is None:
        raise NotFound("There is no such sequence.")
    lock(session, "person", person_id)
    enrolment = session.get_one(Enrolment, enrolment_id, with_for_update=True, populate_existing=True)
    if enrolment.ended_at is not None:
        raise Conflict("This sequence has ended already.")
    _end(session, enrolment, reason, actor=actor)
    return enrolment


def resume(session: Session, person_id: uuid.UUID, *, after: str, actor: str) -> int:
    """Let the enrolments that `after` ended run again; returns how many.

    Mails still to come are planned again at their own time; those whose time passed are skipped: a rest is never made up for.
    """
    lock(session, "person", person_id)
    which = session.scalars(select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.ended_why == after).with_for_update()).all()
    woken = [enrolment for enrolment in which if not _runs_again(session, enrolment)]
    for enrolment in woken:
        _wake(session, enrolment, after, actor=actor)
    return len(woken)


def run_on(session: Session, enrolment_id: uuid.UUID, *, reason: str, actor: str) -> Enrolment:
    """Let an enrolment that was ended for a reason run again, as when that was a mistake; raises Conflict where it runs already."""
    lock(session, "person", session.scalars(select(Enrolment.person_id).where(Enrolment.id == enrolment_id)).one())
    enrolment = session.get_one(Enrolment, enrolment_id, with_for_update=True, populate_existing=True)
    if enrolment.ended_why != reason or _runs_again(session, enrolment):
        raise Conflict("The sequence has begun again since, or ended for another reason.")
    _wake(session, enrolment, reason, actor=actor)
    return enrolment


def _alive(session: Session, whose: ColumnElement[bool], event: str) -> list[Enrolment]:
    running, resting = Enrolment.ended_at.is_(None), Enrolment.ended_why.in_(RESTS)
    alive = running if event in RESTS else or_(running, resting)
    return list(session.scalars(select(Enrolment).where(whose, alive).order_by(Enrolment.id).with_for_update()))


def _end(session: Session, enrolment: Enrolment, why: str, *, actor: str) -> None:
    enrolment.ended_at, enrolment.ended_by, enrolment.ended_why = now(), actor, why
    record(session, "sequence.ended", enrolment, actor=actor, sequence=enrolment.sequence_key, reason=why)
    cancel(session, Message.enrolment_id == enrolment.id, reason=why, actor=actor)
    end_waiting(session, Message.enrolment_id == enrolment.id, reason=why, actor=actor)
    let_go(session, enrolment, outcome=STOPPED, actor=actor)


def _drop_steps(session: Session, enrolment: Enrolment, steps: Collection[str], why: str, *, actor: str) -> None:
    mine = (Message.enrolment_id == enrolment.id, Message.step.in_(steps))
    cancel(session, *mine, reason=why, actor=actor)
    # What the plan has left out it takes up again when the facts change; once it is pointless, it must not.
    end_waiting(session, *mine, reason=why, actor=actor, skipped=SKIPS)
    if enrolment.ended_at is not None:
        _keep_silenced(session, *mine, before=enrolment.ended_why, why=why, actor=actor)
        return
    # One that others want done as well stays open for them; for the sequence it is over like the rest, which goes on from here.
    let_go(session, enrolment, outcome=why[:40], actor=actor, steps=steps)
    session.flush()
    for each in changes(session, enrolment, actor=actor):
        if each.planned and each.planned.todo and each.step in steps:
            pass_over(session, enrolment, each.planned, outcome=why[:40], actor=actor)
    replan(session, enrolment, actor=actor)


def _keep_silenced(session: Session, *which: ColumnElement[bool], before: str | None, why: str, actor: str) -> None:
    """Give mails that a rest silenced a reason that outlasts it, so that they don't wake with the others."""
    rows = session.scalars(select(Message).where(Message.state == "cancelled", Message.reason == before, *which).with_for_update()).all()
    for row in rows:
        row.reason, row.state_at, row.actor = why, now(), actor
        record(session, "message.cancelled", row, actor=actor, reason=why)


def _runs_again(session: Session, enrolment: Enrolment) -> bool:
    # While this one rested, the lead may have been enrolled anew; awake together, the two would send everything twice.
    same = (Enrolment.lead_id == enrolment.lead_id, Enrolment.sequence_key == enrolment.sequence_key, Enrolment.ended_at.is_(None))
    return session.scalar(select(Enrolment.id).where(*same)) is not None


def _wake(session: Session, enrolment: Enrolment, after: str, *, actor: str) -> None:
    enrolment.ended_at = enrolment.ended_by = enrolment.ended_why = None
    record(session, "sequence.resumed", enrolment, actor=actor, sequence=enrolment.sequence_key, after=after)
    silenced = (Message.enrolment_id == enrolment.id, Message.state == "cancelled", Message.reason == after)
    rows = session.scalars(select(Message).where(*silenced).with_for_update()).all()
    planned = {(step.step, step.occurrence): step for step in _as_if_never_stopped(session, enrolment, rows)}
    for row in rows:
        if step := planned.get((row.step or "", row.occurrence)):
            late = {"state": "skipped", "reason": "held" if after == "hold" else after} if step.due_at <= now() and not step.skip else {}
            change(session, row, wanted_of(row, enrolment, step) | late, actor=actor)
    replan(session, enrolment, actor=actor)


def _as_if_never_stopped(session: Session, enrolment: Enrolment, silenced: Iterable[Message]) -> list[PlannedStep]:
    # Planned from today instead, all that the rest silenced would be late, and crowd into the first open hours after it.
    again = {(row.step, row.occurrence) for row in silenced}
    past = [each for each in history(session, enrolment) if (each.step, each.occurrence) not in again]
    return plan(definition_of(session, enrolment.version_id), plan_facts(session, enrolment), past, enrolment.anchor_at)
