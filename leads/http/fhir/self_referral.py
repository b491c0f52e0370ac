"""A web inquiry that a practice's own site handed on: in FHIR a self-referral (Gravity), the same Task and ServiceRequest.

Its sender is no clinician, so without the person's own word nothing shows but that it was received.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import ApiKey
from leads.clinic.profile import clinic
from leads.http.fhir.codes import IDENTIFIER_TYPE, Resource, concept, ours
from leads.http.fhir.write_task import View, write_request, write_task
from leads.inquiries.models import Inquiry
from leads.loop.disclosure import level_for
from leads.loop.models import Referral
from leads.loop.states import OF_STAGE, STATES
from leads.pipeline.deadlines import expected_by
from leads.pipeline.models import Lead
from leads.providers.models import Practice, Provider


@dataclass(frozen=True)
class SelfReferral:
    """An inquiry, the practice whose key handed it on, and how it may be shown to them."""

    inquiry: Inquiry
    practice: Practice
    like: Referral
    shown: View


def self_referral(session: Session, practice: Practice, id: str) -> SelfReferral | None:
    """Return the inquiry of this id, where a key of this practice handed it on; None for any other."""
    try:
        which = uuid.UUID(id)
    except ValueError:
        return None
    handed_on = select(Inquiry, Lead).join(Lead, Lead.id == Inquiry.lead_id).join(ApiKey, ApiKey.id == Inquiry.api_key_id)
    found = session.execute(handed_on.where(Inquiry.id == which, ApiKey.practice_id == practice.id)).first()
    if found is None:
        return None
    inquiry, lead = found
    like = _like(inquiry, lead, practice)
    return SelfReferral(inquiry, practice, like, _view(session, like, lead))


def task_of(own: SelfReferral) -> Resource:
    """Return its Task, whose requester is the practice."""
    return write_task(own.like, Provider(), own.shown) | _own_terms(own, "for")


def request_of(own: SelfReferral) -> Resource:
    """Return its ServiceRequest; what the person wrote is theirs and not repeated."""
    return write_request(own.like, Provider(), own.shown) | _own_terms(own, "subject")


def _like(inquiry: Inquiry, lead: Lead, practice: Practice) -> Referral:
    # Never added to a session: a referral in form only, so that both are drawn by the same hand.
    return Referral(
        id=inquiry.id,
        serial=0,
        person_id=inquiry.person_id,
        practice_id=practice.id,
        office=lead.office,
        urgency="routine",
        part2=True,
        received_at=inquiry.received_at,
        expected_by=expected_by(lead.office, inquiry.received_at),
    )


def _view(session: Session, like: Referral, lead: Lead) -> View:
    if level_for(session, like) == "acknowledged":
        return View("received", 1, like.received_at, STATES["received"].words, {})
    closed = next((each.referral for each in clinic().outcomes if each.code == lead.outcome), "closed")
    state = OF_STAGE.get(lead.stage, closed)
    return View(state, lead.version, lead.closed_at or lead.reached_at or like.received_at, STATES[state].words, {})


def _own_terms(own: SelfReferral, patient: str) -> Resource:
    ours_for_it = {"system": ours("inquiry"), "value": str(own.inquiry.id)}
    practice = {"reference": f"Organization/{own.practice.id}", "type": "Organization", "display": own.practice.name}
    return {
        "identifier": [{"type": concept(IDENTIFIER_TYPE, "FILL"), **ours_for_it}],
        patient: {"type": "Patient", "identifier": ours_for_it},
        "requester": practice,
    }
