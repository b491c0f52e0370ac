"""Enrols a lead in a sequence and puts down every mail of its plan at once."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clinic.windows import ANY_TIME
from leads.clock import now
from leads.consent.ledger import paused_until
from leads.db import lock
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import sequences
from leads.sequences.models import Enrolment
from leads.sequences.plan import SKIPS, Appointment, Past, PlanFacts, PlannedStep, plan
from leads.sequences.publish import current_version, definition_of
from leads.sequences.todos import past_todos

WENT = ("sending", "sent", "delivered", "bounced", "complained", "unknown")
# Who comes back after this long may hear everything again; before that, no step reaches a person twice, whatever lead it was for.
AGAIN_AFTER = timedelta(days=180)


def enroll(
    session: Session, key: str, *, person_id: uuid.UUID, lead_id: uuid.UUID, facts: Mapping[str, Any], anchor: datetime, actor: str
) -> Enrolment:
    """Return the lead's running enrolment, a new one with all its mails where there is none; raises NotFound for an unknown sequence."""
    lock(session, "person", person_id)
    # Several events may begin it at once, a confirmation and a call say: behind the lock the second finds what the first has begun.
    same = (Enrolment.lead_id == lead_id, Enrolment.sequence_key == key, Enrolment.ended_at.is_(None))
    if running := session.scalar(select(Enrolment).where(*same)):
        return running
    enrolment = Enrolment(
        person_id=person_id,
        lead_id=lead_id,
        version_id=current_version(session, key).id,
        sequence_key=key,
        anchor_at=anchor,
        facts=dict(facts),
        started_by=actor,
        started_at=now(),
    )
    session.add(enrolment)
    session.flush()
    record(session, "sequence.enrolled", enrolment, actor=actor, sequence=key, lead=str(lead_id))
    steps = plan(definition_of(session, enrolment.version_id), plan_facts(session, enrolment), history(session, enrolment), now())
    for step in steps:
        put_down(session, enrolment, step, actor=actor)
    enrolment.next_todo_at = next_todo(steps)
    return enrolment


def start_for(
    session: Session,
    event: str,
    *,
    person_id: uuid.UUID,
    lead_id: uuid.UUID,
    facts: Mapping[str, Any],
    actor: str,
    anchor: datetime | None = None,
) -> list[Enrolment]:
    """Enrol a lead in every sequence that this event begins, counted from `anchor` (now by default); returns the running enrolments."""
    since = anchor or now()
    keys = [key for key, sequence in sequences().items() if sequence.starts(event)]
    return [enroll(session, key, person_id=person_id, lead_id=lead_id, facts=facts, anchor=since, actor=actor) for key in keys]


def plan_facts(session: Session, enrolment: Enrolment) -> PlanFacts:
    """Return what the plan of an enrolment depends on, out of what was stored with it."""
    visit = enrolment.facts.get("appointment")
    return PlanFacts(
        anchor=enrolment.anchor_at,
        calendar=clinic().office(enrolment.facts.get("office")).calendar,
        conditions=facts_from(enrolment.facts),
        appointment=Appointment(visit["id"], visit["version"], datetime.fromisoformat(visit["starts_at"])) if visit else None,
        paused_until=paused_until(session, enrolment.person_id),
        whose=str(enrolment.person_id),
    )


def history(session: Session, enrolment: Enrolment) -> list[Past]:
    """Return the steps of this enrolment that are past, and those of this sequence the person had from an earlier one."""
    own = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id))
    earlier = session.scalars(
        select(Message)
        .join(Enrolment, Enrolment.id == Message.enrolment_id)
        .where(Enrolment.person_id == enrolment.person_id, Enrolment.sequence_key == enrolment.sequence_key)
        .where(Enrolment.id != enrolment.id, Message.state.in_(WENT), Message.due_at > enrolment.started_at - AGAIN_AFTER)
    )
    return past_of([*earlier, *(row for row in own if not is_open(row))]) + past_todos(session, enrolment)


def past_of(rows: Iterable[Message]) -> list[Past]:
    """Return messages as plan() sees them."""
    return [Past(row.step or "", row.occurrence, row.sent_at or row.due_at, row.state in WENT, row.depends_on) for row in rows]


def is_open(row: Message) -> bool:
    """True while planning may still change the row: no carrier has it, and nobody but the plan gave it up."""
    return row.state in ("planned", "claimed") or (row.state == "skipped" and row.reason in SKIPS)


def next_todo(steps: Iterable[PlannedStep]) -> datetime | None:
    """Return when the next to-do of a plan opens."""
    return min((step.due_at for step in steps if step.todo and not step.skip), default=None)


def put_down(session: Session, enrolment: Enrolment, step: PlannedStep, *, actor: str) -> Message | None:
    """Store one step of a plan as a message; a skipped one too, with its reason. A to-do is opened by the clock: None."""
    if step.template is None:
        return None
    return post(
        session,
        enrolment.person_id,
        step.template,
        cause=f"sequence:{enrolment.sequence_key}",
        lead_id=enrolment.lead_id,
        enrolment_id=enrolment.id,
        step=step.step,
        occurrence=step.occurrence,
        facts=mail_facts(enrolment),
        actor=actor,
        **columns(enrolment, step),
    )


def mail_facts(enrolment: Enrolment) -> dict[str, Any]:
    """Return what the mails of an enrolment may say of it."""
    facts = {name: value for name, value in enrolment.facts.items() if name != "appointment"}
    if visit := enrolment.facts.get("appointment"):
        # By its id the link of the mail finds the visit, wherever it has been moved to by then.
        facts |= {"visit_at": visit["starts_at"], "appointment": visit["id"]}
    return facts


def columns(enrolment: Enrolment, step: PlannedStep) -> dict[str, Any]:
    """Return what a plan decides of a message, by column."""
    rule = step.window.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {
        "due_at": step.due_at,
        "planned_for": step.planned_for,
        "local_due": step.local_due,
        "moved_by": list(step.moved_by),
        "window": None if step.window == ANY_TIME else {"office": enrolment.facts.get("office"), "rule": rule},
        "useful_until": step.useful_until,
        "on_unknown": step.on_unknown,
        "depends_on": dict(step.depends_on),
        "lane": step.lane or "",
        "state": "skipped" if step.skip else "planned",
        "reason": step.skip,
    }
