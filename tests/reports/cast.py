"""Leads, referrals and mails of some months, for reports to count."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from leads.clock import now
from leads.people.models import Person
from leads.pipeline.models import Lead, StageChange
from leads.pipeline.stages import STAGES
from tests.cast import make_lead, make_person

OCTOBER = datetime(2026, 10, 5, 14, 0, tzinfo=UTC)


def somebody(session: Session) -> Person:
    """Somebody of whom nothing is known but that they are there."""
    return make_person(session, grants=(), email=None, phone=None)


def journeys(session: Session, many: int, *, to: str = "new", at: datetime = OCTOBER, **changes: object) -> list[Lead]:
    """So many leads that began at a moment and came as far as a stage, by every stage before it."""
    made = []
    for _ in range(many):
        lead = make_lead(session, somebody(session), **({"opened_at": at, "stage": to} | changes))
        for place, stage in enumerate(STAGES[: STAGES.index(to) + 1]):
            before = STAGES[place - 1] if place else None
            moment = at + timedelta(hours=place)
            session.add(StageChange(lead_id=lead.id, from_stage=before, to_stage=stage, actor="system", at=moment))
        made.append(lead)
    session.flush()
    return made


def waited(session: Session, many: int, hours: float | None, *, promise: float = 24, office: str = "woodbury") -> None:
    """So many leads with whom somebody spoke after so many hours, or never; promised within `promise` hours."""
    began = now() - timedelta(days=2)
    for lead in journeys(session, many, at=began, office=office):
        lead.reached_at = None if hours is None else began + timedelta(hours=hours)
        lead.expected_by = began + timedelta(hours=promise)
    session.flush()
