"""Somebody has died, or never wants to hear from us again: everything stops at once, and whoever sent them hears it once."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.follow import move_lead
from leads.audit.trail import record
from leads.clock import now
from leads.consent.never import WHYS, Why, stop_for_good
from leads.db import lock
from leads.errors import FieldError, Invalid
from leads.messages.models import Message
from leads.messages.outbox import cancel
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.pipeline.stages import at_version
from leads.sequences.hand_over import finish
from leads.sequences.stop import stop_for
from leads.todos.models import Todo

OUTCOMES: dict[Why, str] = {"deceased": "deceased", "never-contact": "asked-to-stop"}
# What is somebody else's to hear, or a clinician's to look at, is still to be done.
STAYS = ("safety", "risk-review", "tell-referrer", "phone-referrer", "unheard-referrer", "verify-referrer")


def never_contact(
    session: Session, lead_id: uuid.UUID, why: str, *, version: int, evidence: str, actor: str, roles: Collection[str]
) -> Lead:
    """Stop everything we would send or do, close the lead and call off its visit, in one transaction; raises Invalid or StaleVersion."""
    if why not in WHYS or not evidence.strip():
        words = "Say what happened, and who told us."
        raise Invalid(words, errors=(FieldError("never_evidence", "required", words),))
    lead = at_version(session, lead_id, version)
    lock(session, "person", lead.person_id)
    person = session.get_one(Person, lead.person_id)
    # The stop comes first: whatever is being claimed at this moment meets it at its last guard.
    stop_for_good(session, person.id, person.email_index, why, actor=actor)
    stop_for(session, "asked-to-stop", person_id=person.id, actor=actor, reason=why)
    write(session, lead.id, evidence, actor=actor)
    for each in session.scalars(select(Lead).where(Lead.person_id == person.id, Lead.closed_at.is_(None)).order_by(Lead.id)).all():
        said = {"outcome": OUTCOMES[why], "reason": None}
        move_lead(session, each.id, "closed", version=each.version, actor=actor, roles=roles, **said)
    session.flush()
    # Also what closing has just put down, such as the news of a visit that is off.
    cancel(session, Message.person_id == person.id, reason=why, actor=actor)
    for todo_id in _nobody_need_do(session, person.id):
        finish(session, todo_id, actor=actor, outcome=why)
    record(session, "person.never_contact", person, actor=actor, why=why, at=now().isoformat())
    return lead


def _nobody_need_do(session: Session, person_id: uuid.UUID) -> list[uuid.UUID]:
    theirs = (Todo.person_id == person_id, Todo.done_at.is_(None), Todo.kind.not_in(STAYS))
    return list(session.scalars(select(Todo.id).where(*theirs).order_by(Todo.id)))
