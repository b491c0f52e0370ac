"""Asks for the plan of an enrolment again and changes only the rows that differ from its answer."""

import uuid
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.messages.models import Message
from leads.messages.outbox import MOVED_BY_STAFF, STOPPABLE, cancel
from leads.messages.templates import catalogue
from leads.sequences.enroll import columns, history, is_open, mail_facts, next_todo, plan_facts, put_down
from leads.sequences.models import Enrolment
from leads.sequences.plan import WAITS, PlannedStep, plan
from leads.sequences.publish import definition_of
from leads.sequences.todos import drop_strays


class Diff(NamedTuple):
    """How many rows a new plan made, changed, ended and left alone."""

    created: int = 0
    updated: int = 0
    cancelled: int = 0
    unchanged: int = 0


class Change(NamedTuple):
    """What a new plan did with one step: `created`, `updated`, `cancelled`, `unchanged`, or `todo` for one a person does."""

    step: str
    did: str
    row: Message | None
    planned: PlannedStep | None


def replan(session: Session, enrolment: Enrolment, *, actor: str) -> Diff:
    """Bring the rows of a running enrolment in line with its plan; what has gone is never touched, and again changes nothing."""
    did = [each.did for each in changes(session, enrolment, actor=actor)]
    return Diff(*(did.count(name) for name in Diff._fields))


def replan_all(session: Session, person_id: uuid.UUID, *, actor: str) -> int:
    """Plan every running enrolment of a person again, because something about the person changed; returns how many."""
    lock(session, "person", person_id)
    running = session.scalars(select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.ended_at.is_(None))).all()
    for enrolment in running:
        replan(session, enrolment, actor=actor)
    return len(running)


def changes(session: Session, enrolment: Enrolment, *, actor: str) -> list[Change]:
    """Do what `replan` does, and return it step by step."""
    lock(session, "person", enrolment.person_id)
    # Whoever ended it in the meantime had this lock before us: rows put down now would outlive its end.
    session.refresh(enrolment, with_for_update=True)
    if enrolment.ended_at is not None:
        return []
    rows = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id).with_for_update()).all()
    left = {(row.step, row.occurrence): row for row in rows if is_open(row)}
    definition = definition_of(session, enrolment.version_id)
    steps = plan(definition, plan_facts(session, enrolment), history(session, enrolment), now())
    done = [_bring_in_line(session, enrolment, step, left.pop((step.step, step.occurrence), None), actor=actor) for step in steps]
    stopped = {row.id: row for row in left.values() if row.state in STOPPABLE}
    cancel(session, Message.id.in_(stopped), reason="no-longer-planned", actor=actor)
    end_waiting(session, Message.id.in_([row.id for row in left.values()]), reason="no-longer-planned", actor=actor)
    drop_strays(session, enrolment, definition, steps, actor=actor)
    enrolment.next_todo_at = next_todo(steps)
    return done + [Change(row.step or "", "cancelled", row, None) for row in stopped.values()]


def _bring_in_line(session: Session, enrolment: Enrolment, step: PlannedStep, row: Message | None, *, actor: str) -> Change:
    if step.todo:
        return Change(step.step, "todo", None, step)
    if row is None:
        return Change(step.step, "created", put_down(session, enrolment, step, actor=actor), step)
    return Change(step.step, change(session, row, wanted_of(row, enrolment, step), actor=actor), row, step)


def wanted_of(row: Message, enrolment: Enrolment, step: PlannedStep) -> dict[str, Any]:
    """Return what a row must become: its times, of a moved visit also its new time in words, of a changed step its new template."""
    wanted = columns(enrolment, step)
    if row.depends_on != step.depends_on:
        wanted["facts"] = mail_facts(enrolment)
    # Who drew a variant keeps it, whatever the weights are now; results could not be told apart otherwise.
    if row.template in (step.variants or (step.template,)):
        return wanted
    meta = catalogue()[step.template or ""].meta
    return wanted | {"template": step.template, "topic": meta.topic, "level": meta.level}


def end_waiting(session: Session, *which: ColumnElement[bool], reason: str, actor: str, skipped: Collection[str] = (WAITS,)) -> int:
    """End the rows of `which` that wait for a to-do, or that the plan left out for one of these reasons; returns how many."""
    rows = session.scalars(select(Message).where(Message.state == "skipped", Message.reason.in_(skipped), *which).with_for_update()).all()
    for row in rows:
        row.state, row.reason, row.state_at, row.actor = "cancelled", reason, now(), actor
        record(session, "message.cancelled", row, actor=actor, reason=reason)
    return len(rows)


def change(session: Session, row: Message, wanted: dict[str, Any], *, actor: str) -> str:
    """Give a row what a plan decides; returns `unchanged`, `updated`, or `cancelled` where it goes out no more."""
    wanted = wanted | _kept(row, wanted)
    # A worker may hold the row already: to the plan that is still planned.
    before = {name: getattr(row, name) for name in wanted} | ({"state": "planned"} if row.state == "claimed" else {})
    if before == wanted:
        return "unchanged"
    for name, value in wanted.items():
        setattr(row, name, value)
    # A higher fence tells the worker that holds the row to let it go.
    row.fence, row.lease_until, row.state_at, row.actor = row.fence + 1, None, now(), actor
    record(session, "message.replanned", row, actor=actor, state=row.state, reason=row.reason, due=row.due_at.isoformat())
    return "cancelled" if row.state == "skipped" and before["state"] == "planned" else "updated"


def _kept(row: Message, wanted: dict[str, Any]) -> dict[str, Any]:
    # A colleague's time stands while the mail hangs on the same fact; a visit that moves takes its mails along.
    if MOVED_BY_STAFF in row.moved_by and wanted["state"] == "planned" and wanted["depends_on"] == row.depends_on:
        return {name: getattr(row, name) for name in ("due_at", "local_due", "moved_by", "reason")}
    # Delivery moves what is due on by itself, to a retry say, and gives a reason; a plan that only says "now" has nothing better.
    moved = row.state == "claimed" or (row.state == "planned" and row.reason not in (None, "paused"))
    delayed = moved and wanted["state"] == "planned" and wanted["due_at"] <= now()
    return {"due_at": max(row.due_at, wanted["due_at"]), "reason": row.reason} if delayed else {}
