"""What the person behind a lead agreed to and chose, each with its proof; and the same for another system, as FHIR."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from leads.audit.trail import record
from leads.consent.fhir_export import to_bundle
from leads.consent.history import history
from leads.consent.ledger import granted, paused_until, suppressed_topics
from leads.consent.models import GRANTS
from leads.http.console import consent_words, words
from leads.http.console.draw import draw
from leads.http.console.restriction import check_open, read_person
from leads.http.console.staff import Reader
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.people.merge import family_of
from leads.pipeline.find import by_number

router = APIRouter(prefix="/leads/{number}")


@router.get("/consents")
def read(request: Request, session: Db, staff: Reader, number: str) -> Response:
    """Show what holds and every act that led there; the reading is put on record."""
    lead = by_number(session, number)
    person = read_person(session, staff, lead)
    acts = history(session, family_of(session, person.id))
    return draw(
        request,
        "consents.html",
        staff=staff,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        person=person,
        zone=words.zone_of(lead.office),
        kinds=GRANTS,
        grants=granted(session, person.id),
        stopped=[consent_words.topic(each) for each in sorted(suppressed_topics(session, person.id), key=str)],
        paused=paused_until(session, person.id),
        acts=[(act, consent_words.sentence(act), consent_words.until(act)) for act in acts],
        names=who_is_who(session, {act.actor for act in acts}),
        consents=consent_words,
    )


@router.get("/consents.json")
def export(session: Db, staff: Reader, number: str) -> Response:
    """Return it as a FHIR Bundle of Consents; that it was handed out, and to whom, is on record."""
    lead = by_number(session, number)
    record(session, "consents.exported", check_open(session, staff, lead), actor=staff.actor, lead=lead.number)
    held = {"Content-Disposition": f'attachment; filename="{lead.number}-consents.json"', "X-Content-Type-Options": "nosniff"}
    body = json.dumps(to_bundle(session, lead.person_id, merged=family_of(session, lead.person_id)[1:]), ensure_ascii=False, indent=1)
    return Response(body, media_type="application/fhir+json", headers=held)
