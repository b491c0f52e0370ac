"""Somebody whom nobody could reach: a person decides to try no more, closes the lead, and may write why."""

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.errors import FieldError, Invalid
from leads.pipeline.models import Lead
from leads.pipeline.stages import at_version, move
from leads.pipeline.write_by_decision import write_by_decision

OUTCOME, TEMPLATE = "cannot-reach", "cannot-reach-you"


def give_up(session: Session, lead_id: uuid.UUID, *, version: int, actor: str, roles: Collection[str], write: bool) -> Lead:
    """Close a lead as one that could not be reached; with `write` the person gets a kind line that leaves the door open.

    Raises what `move` raises, and Invalid for a lead somebody has reached, or where no mail may go: then close it without one.
    """
    lead = at_version(session, lead_id, version)
    if lead.reached_at is not None:
        told = f"Somebody has reached {lead.number}. Close it with the outcome that fits."
        raise Invalid(told, errors=(FieldError("outcome", "reached", told),))
    if OUTCOME not in [each.code for each in clinic().outcomes]:
        raise Invalid(f"config/clinic.yml has no outcome {OUTCOME}: close the lead with one of its own.")
    move(session, lead.id, "closed", version=version, actor=actor, roles=roles, outcome=OUTCOME)
    if write:
        write_by_decision(session, lead.person_id, TEMPLATE, cause="cannot-reach", lead_id=lead.id, office=lead.office, actor=actor)
    return lead
