"""What is done to a screening from its lead's page: sending the link, saying that one has looked, handing it on as FHIR."""

import json
import uuid
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.accounts.rights import require
from leads.audit.trail import record
from leads.clinic.profile import Language
from leads.errors import NotFound
from leads.http.console.act import Asked, do
from leads.http.console.restriction import open_lead
from leads.http.console.staff import Reader
from leads.http.transaction import Db
from leads.pipeline.models import Lead
from leads.screening.fhir_export import to_questionnaire, to_response
from leads.screening.invite import invite
from leads.screening.models import Screening
from leads.screening.questionnaire import definition
from leads.screening.submit import mark_reviewed

router = APIRouter(prefix="/leads/{number}/screening")


@router.post("/link")
def send_link(asked: Asked) -> Response:
    """Send the link to the questions, or send it once more."""
    staff = asked.staff
    return do(asked, lambda lead: invite(asked.session, lead.id, actor=staff.actor, roles=staff.roles), done="?said=link-sent#screening")


@router.post("/{screening_id}/reviewed")
def review(asked: Asked, screening_id: uuid.UUID) -> Response:
    """Say that one has looked at it, as a clinician."""
    require(asked.staff.roles, "clinical")

    def verb(lead: Lead) -> None:
        _of_lead(asked.session, lead, screening_id)
        mark_reviewed(asked.session, screening_id, actor=asked.staff.actor, roles=asked.staff.roles)

    return do(asked, verb, done="?said=reviewed#screening")


@router.get("/{screening_id}/questionnaire.json")
def questionnaire(session: Db, staff: Reader, number: str, screening_id: uuid.UUID) -> Response:
    """Return what is asked as a FHIR Questionnaire, in the language it was asked in."""
    asked = _of_lead(session, open_lead(session, staff, number), screening_id)
    language: Language = "es" if asked.language == "es" else "en"
    return _as_fhir(to_questionnaire(definition(asked.questionnaire), language), "questionnaire.json")


@router.get("/{screening_id}/response.json")
def response(session: Db, staff: Reader, number: str, screening_id: uuid.UUID) -> Response:
    """Return what was answered as a FHIR QuestionnaireResponse; that it was handed out, and to whom, is on record."""
    answered = _of_lead(session, open_lead(session, staff, number), screening_id)
    record(session, "screening.exported", answered, actor=staff.actor)
    return _as_fhir(to_response(session, answered), "questionnaire-response.json")


def _of_lead(session: Session, lead: Lead, screening_id: uuid.UUID) -> Screening:
    found = session.get(Screening, screening_id)
    if found is None or found.lead_id != lead.id:
        raise NotFound(f"There is no such screening on {lead.number}.")
    return found


def _as_fhir(resource: dict[str, Any], name: str) -> Response:
    held = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(json.dumps(resource, ensure_ascii=False, indent=2), media_type="application/fhir+json", headers=held)
