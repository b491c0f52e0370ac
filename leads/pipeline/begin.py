"""A lead begins: a person's journey through the pipeline, with our promise to call."""

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.people.models import Person
from leads.pipeline.deadlines import expected_by
from leads.pipeline.models import Lead, StageChange


def begin_lead(
    session: Session,
    person: Person,
    *,
    office: str,
    source: str,
    for_whom: str = "self",
    interest: str | None = None,
    serial: int | None = None,
    actor: str,
) -> Lead:
    """Return a new lead at the stage `new`, due to be called as the office promises, of a `serial` drawn before or the next."""
    lead = Lead(
        person_id=person.id,
        stage="new",
        office=office,
        interest=interest,
        source=source,
        for_whom=for_whom,
        opened_at=now(),
        expected_by=expected_by(office, now()),
        version=1,
        **({} if serial is None else {"serial": serial}),
    )
    session.add(lead)
    session.add(StageChange(lead_id=lead.id, from_stage=None, to_stage="new", actor=actor, at=now()))
    record(session, "lead.opened", lead, actor=actor, source=source)
    return lead
