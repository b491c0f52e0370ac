"""Asks for the plan of an enrolment again and changes only the rows that differ from its answer."""

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.messages.models import Message
from leads.messages.outbox import cancel
from leads.sequences.enroll import columns, history, is_open, plan_facts, put_down
from leads.sequences.models import Enrolment
from leads.sequences.plan import plan
from leads.sequences.publish import definition_of


class Diff(NamedTuple):
    """How many rows a new plan made, changed, ended and left alone."""

    created: int = 0
    updated: int = 0
    cancelled: int = 0
    unchanged: int = 0


def replan(session: Session, enrolment: Enrolment, *, actor: str) -> Diff:
    """Bring the rows of a running enrolment in line with its plan; what has gone is never touched, and again changes nothing."""
    if enrolment.ended_at is not None:
        return Diff()
    lock(session, "person", enrolment.person_id)
    rows = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id).with_for_update()).all()
    left = {(row.step, row.occurrence): row for row in rows if is_open(row)}
    done = {"created": 0, "updated": 0, "cancelled": 0, "unchanged": 0}
    for step in plan(definition_of(session, enrolment.version_id), plan_facts(enrolment), history(session, enrolment), now()):
        row = left.pop((step.step, step.occurrence), None)
        if row is None:
            put_down(session, enrolment, step, actor=actor)
            done["created"] += 1
        else:
            done[change(session, row, columns(enrolment, step), actor=actor)] += 1
    done["cancelled"] += cancel(session, Message.id.in_([row.id for row in left.values()]), reason="no-longer-planned", actor=actor)
    return Diff(**done)


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
    # Delivery moves what is due on by itself, to a retry or past a pause; a plan that only says "now" has nothing better.
    delayed = row.state in ("planned", "claimed") and wanted["state"] == "planned" and wanted["due_at"] <= now()
    return {"due_at": max(row.due_at, wanted["due_at"]), "reason": row.reason} if delayed else {}
