"""A referral and the lead it belongs to go one way: they rest, go on and end together."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from leads.appointments.follow import move_lead
from leads.loop.follow import keep_step
from leads.loop.models import Referral
from leads.loop.states import STATES
from leads.pipeline.find import locked
from leads.pipeline.models import FurtherNumber, Lead
from leads.todos.open import put_off


def is_all_it_has(session: Session, referral: Referral, lead: Lead) -> bool:
    """True where a lead has neither another referral that goes on nor an inquiry of the person's own."""
    others = select(Referral.state).where(Referral.lead_id == lead.id, Referral.id != referral.id)
    if any(not STATES[state].ended for state in session.scalars(others)):
        return False
    # Each inquiry that joined a lead left one more number for it.
    joined = session.scalar(select(exists().where(FurtherNumber.lead_id == lead.id)))
    return lead.source == "referral" and not joined


def catch_up(session: Session, referral: Referral, *, actor: str) -> None:
    """Bring a referral to where its lead has got meanwhile, so that the two are never apart."""
    lead = locked(session, referral.lead_id)
    if lead.stage != "closed":
        keep_step(session, referral, lead.stage, actor=actor)


def wait_with_call(session: Session, referral: Referral, until: datetime | None, *, actor: str) -> None:
    """Let the call to the patient wait until then, where nothing but this referral asks for it: our clock rests with the question."""
    if until is not None and is_all_it_has(session, referral, locked(session, referral.lead_id)):
        put_off(session, "call", lead_id=referral.lead_id, until=until, actor=actor)


def close_with(session: Session, referral: Referral, outcome: str | None, *, actor: str, roles: Collection[str]) -> None:
    """Close the lead of a referral that has ended, where that was all it had; None for an outcome leaves it open."""
    lead = locked(session, referral.lead_id)
    if outcome is not None and lead.stage != "closed" and is_all_it_has(session, referral, lead):
        move_lead(session, lead.id, "closed", version=lead.version, outcome=outcome, actor=actor, roles=roles)
