"""A lead is moved by hand, and its visit goes along: the stages around a visit have this one way, whoever presses the button."""

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from leads.appointments.arrive import attended
from leads.appointments.cancel import call_off, cancel
from leads.appointments.find import held, live_of
from leads.errors import Conflict
from leads.pipeline import stages
from leads.pipeline.models import Lead

BOOK_FIRST = "{number} becomes booked with its visit: book one, in a calendar or at a time you agreed on, and the lead moves with it."


def move_lead(
    session: Session,
    lead_id: uuid.UUID,
    to: str,
    *,
    version: int,
    actor: str,
    roles: Collection[str],
    outcome: str | None = None,
    reason: str | None = None,
) -> Lead:
    """Move a lead to a stage as `stages.move` does, with its visit: raises what it raises, and Conflict where a visit must come first.

    Back to `qualified` cancels the visit, `in_care` says that the patient came; who leaves for another stage or closes lets go of it.
    """
    lead = stages.at_version(session, lead_id, version)
    visit = live_of(session, lead.id)
    if (lead.stage, to) == ("qualified", "booked"):
        raise Conflict(BOOK_FIRST.format(number=lead.number), code="not_allowed_now")
    if visit is not None and lead.stage == "booked" and to == "in_care":
        attended(session, visit.id, version=visit.version, actor=actor)
    elif visit is not None and lead.stage == "booked" and to == "qualified":
        cancel(session, visit.id, version=visit.version, actor=actor, reason=reason or "")
    else:
        stages.move(session, lead.id, to, version=version, actor=actor, roles=roles, outcome=outcome, reason=reason)
        _let_go(session, lead, actor=actor, reason=reason or outcome)
    return lead


def _let_go(session: Session, lead: Lead, *, actor: str, reason: str | None) -> None:
    """Call off what is ahead of a lead that no longer waits for a visit: nobody would come, and the slot would be lost."""
    visit = live_of(session, lead.id)
    if visit is not None and lead.stage not in ("qualified", "booked"):
        call_off(session, held(session, visit.id)[1], actor=actor, reason=reason)
