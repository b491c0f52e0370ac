"""A small workshop for sequences: offices, and sequences written in a line."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import Calendar, now
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence
from leads.sequences.enroll import enroll
from leads.sequences.models import Enrolment
from leads.sequences.place import Appointment, PlanFacts
from leads.sequences.plan import PlannedStep, plan

NEW_YORK = ZoneInfo("America/New_York")
DAYTIME = {"from": "09:00", "to": "18:00", "business_days": True}
WOODBURY = clinic().office("woodbury").calendar
NEW_HAVEN = clinic().office("new-haven").calendar
ALWAYS_OPEN = Calendar(NEW_YORK, {day: ((time(9), time(17)),) for day in range(7)})


def at(words: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=zone).astimezone(UTC)


def make_step(key: str, **own: Any) -> dict[str, Any]:
    return {"key": key, "template": "office-location", "lane": "education", "useful_for": "5 days"} | own


def make_sequence(*steps: dict[str, Any], window: Any = "any_time", **own: Any) -> Sequence:
    words = {"key": "story", "title": "A story", "purpose": "To try.", "audience": "person"}
    return Sequence.model_validate(words | {"window": window, "steps": list(steps)} | own)


def waits(*lengths: str) -> list[dict[str, Any]]:
    return [make_step(f"step-{place}", wait=length) for place, length in enumerate(lengths, start=1)]


def plan_from(sequence: Sequence, anchor: str, *, calendar: Calendar = NEW_HAVEN, **known: Any) -> list[PlannedStep]:
    start = at(anchor, calendar.zone)
    return plan(sequence, PlanFacts(start, calendar, facts_from(known)), (), start)


def plan_visit(sequence: Sequence, visit: str, *, booked: str = "2026-01-01T10:00", calendar: Calendar = NEW_HAVEN) -> list[PlannedStep]:
    start = at(booked, calendar.zone)
    facts = PlanFacts(start, calendar, facts_from({}), Appointment("a visit", 1, at(visit, calendar.zone)))
    return plan(sequence, facts, (), start)


def local(step: PlannedStep) -> str:
    return step.local_due[:16]


def day_of(step: PlannedStep) -> date:
    return date.fromisoformat(step.local_due[:10])


def enrolled(session: Session, lead: Lead, key: str = "new-inquiry", **facts: Any) -> Enrolment:
    known = {"office": lead.office} | facts
    return enroll(session, key, person_id=lead.person_id, lead_id=lead.id, facts=known, anchor=now(), actor="system")


def rows_of(session: Session, enrolment: Enrolment) -> list[Message]:
    rows = select(Message).where(Message.enrolment_id == enrolment.id).order_by(Message.due_at, Message.id)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def states_of(session: Session, enrolment: Enrolment) -> dict[str | None, tuple[str, str | None]]:
    return {row.step: (row.state, row.reason) for row in rows_of(session, enrolment)}


def publish_only(session: Session, monkeypatch: pytest.MonkeyPatch, *them: Sequence) -> None:
    """Let these be all the sequences there are."""
    by_key = {sequence.key: sequence for sequence in them}
    for module in ("publish", "enroll", "simulate", "census"):
        monkeypatch.setattr(f"leads.sequences.{module}.sequences", lambda: by_key)


def send(session: Session, row: Message) -> None:
    """Let a row be sent now."""
    row.state, row.sent_at = "sent", now()
    session.flush()
