"""Enrols a lead in a sequence and puts down every mail of its plan at once."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Uuid, bindparam, func, literal_column, select, true
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clinic.windows import ANY_TIME
from leads.clock import now
from leads.consent.ledger import RESTS, paused_until
from leads.db import LOCK, lock_name
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.round_trips import Asked, Statement, together
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import sequences
from leads.sequences.models import Enrolment
from leads.sequences.plan import SKIPS, Appointment, Past, PlanFacts, PlannedStep, plan
from leads.sequences.publish import ask_version, current_version, definition_of
from leads.sequences.todos import past_todos

WENT = ("sending", "sent", "delivered", "bounced", "complained", "unknown")
# Who comes back after this long may hear everything again; before that, no step reaches a person twice, whatever lead it was for.
AGAIN_AFTER = timedelta(days=180)

HOLD = Statement.of(LOCK)
RUNNING = Statement.of(
    select(Enrolment.id).where(
        Enrolment.lead_id == bindparam("lead"), Enrolment.sequence_key == bindparam("key"), Enrolment.ended_at.is_(None)
    )
)
# What of this sequence reached the person from another enrolment, as plan() sees it.
EARLIER = Statement.of(
    select(Message.step, Message.occurrence, func.coalesce(Message.sent_at, Message.due_at), true(), Message.depends_on)
    .join(Enrolment, Enrolment.id == Message.enrolment_id)
    # By both, whatever PostgreSQL knows of either table: each has an index by person.
    .where(Message.person_id == bindparam("person"), Enrolment.person_id == bindparam("person"))
    .where(Enrolment.sequence_key == bindparam("key"), Enrolment.id.is_distinct_from(bindparam("but", type_=Uuid())))
    .where(Message.state.in_([literal_column(f"'{state}'") for state in WENT]), Message.due_at > bindparam("since"))
)


def enroll(
    session: Session, key: str, *, person_id: uuid.UUID, lead_id: uuid.UUID, facts: Mapping[str, Any], anchor: datetime, actor: str
) -> Enrolment:
    """Return the lead's running enrolment, a new one with all its mails where there is none; raises NotFound for an unknown sequence."""
    found = _look(session, key, person_id, lead_id)
    if found.running:
        return session.get_one(Enrolment, found.running)
    enrolment = Enrolment(
        person_id=person_id,
        lead_id=lead_id,
        version_id=found.version_id or current_version(session, key).id,
        sequence_key=key,
        anchor_at=anchor,
        facts=dict(facts),
        started_by=actor,
        started_at=now(),
    )
    session.add(enrolment)
    record(session, "sequence.enrolled", enrolment, actor=actor, sequence=key, lead=str(lead_id))
    steps = plan(definition_of(session, enrolment.version_id), _facts(enrolment, found.rests_until), found.earlier, now())
    for step in steps:
        put_down(session, enrolment, step, actor=actor)
    enrolment.next_todo_at = next_todo(steps)
    return enrolment


class Found(NamedTuple):
    """What is on record before an enrolment: the running one, the version that holds, until when they rest, and what they had before."""

    running: uuid.UUID | None
    version_id: uuid.UUID | None
    rests_until: datetime | None
    earlier: list[Past]


def _look(session: Session, key: str, person_id: uuid.UUID, lead_id: uuid.UUID) -> Found:
    """Hold the person and read what decides about the rest, in one round trip."""
    hold = (HOLD, {"name": lock_name("person", person_id)})
    # Several events may begin it at once, a confirmation and a call say: behind the lock the second finds what the first has begun.
    same = (RUNNING, {"lead": lead_id, "key": key})
    rests = (RESTS, {"person": person_id, "at": now()})
    _, running, version, [(until,)], earlier = together(session, hold, same, ask_version(key), rests, _ask_earlier(person_id, key, now()))
    return Found(running[0][0] if running else None, version[0][0] if version else None, until, [Past(*row) for row in earlier])


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
    return _facts(enrolment, paused_until(session, enrolment.person_id))


def _facts(enrolment: Enrolment, rests_until: datetime | None) -> PlanFacts:
    visit = enrolment.facts.get("appointment")
    return PlanFacts(
        anchor=enrolment.anchor_at,
        calendar=clinic().office(enrolment.facts.get("office")).calendar,
        conditions=facts_from(enrolment.facts),
        appointment=Appointment(visit["id"], visit["version"], datetime.fromisoformat(visit["starts_at"])) if visit else None,
        paused_until=rests_until,
        whose=str(enrolment.person_id),
    )


def history(session: Session, enrolment: Enrolment) -> list[Past]:
    """Return the steps of this enrolment that are past, and those of this sequence the person had from an earlier one."""
    own = session.scalars(select(Message).where(Message.enrolment_id == enrolment.id))
    [earlier] = together(session, _ask_earlier(enrolment.person_id, enrolment.sequence_key, enrolment.started_at, but=enrolment.id))
    past = [Past(*row) for row in earlier] + [_as_past(row) for row in own if not is_open(row)]
    return past + past_todos(session, enrolment)


def _ask_earlier(person_id: uuid.UUID, key: str, at: datetime, *, but: uuid.UUID | None = None) -> Asked:
    return EARLIER, {"person": person_id, "key": key, "since": at - AGAIN_AFTER, "but": but}


def _as_past(row: Message) -> Past:
    return Past(row.step or "", row.occurrence, row.sent_at or row.due_at, row.state in WENT, row.depends_on)


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
