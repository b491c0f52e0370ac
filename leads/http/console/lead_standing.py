"""Where a lead and its person stand: the waitlist, what they agree to in conversation, and never to be contacted again."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.accounts.rights import require
from leads.appointments.never_contact import never_contact
from leads.consent.never import take_back
from leads.http.console.act import Asked, did, do
from leads.http.console.lead_actions import day_typed
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.pipeline.spoken import KINDS, agree
from leads.pipeline.waitlist import stop_waiting, wait

router = APIRouter(prefix="/leads/{number}")
Words = Annotated[str, Form()]


@router.post("/wait")
def wait_for_a_place(asked: Asked, look_again: Words = "", note: Words = "") -> Response:
    """Put the lead on the waitlist until a day."""

    def verb(lead: Lead) -> None:
        wait(asked.session, lead.id, day_typed("look_again", look_again), note=note, actor=asked.staff.actor)

    return did(asked, "waits", verb)


@router.post("/wait-no-more")
def wait_no_more(asked: Asked) -> Response:
    """Take the lead off the waitlist."""
    return did(asked, "waits-no-more", lambda lead: stop_waiting(asked.session, lead.id, actor=asked.staff.actor))


@router.post("/agreed")
def agreed(
    asked: Asked, agreed_evidence: Words = "", contact: Words = "", education: Words = "", unencrypted_email: Words = ""
) -> Response:
    """Write down what the person agrees to, as they say it."""
    ticked = dict(zip(KINDS, (contact, education, unencrypted_email), strict=True))
    kinds = {kind for kind, value in ticked.items() if value}

    def verb(lead: Lead) -> None:
        agree(asked.session, lead.id, kinds, evidence=agreed_evidence, actor=asked.staff.actor)

    return do(asked, verb, done="?said=agreed")


@router.post("/never-contact")
def never(asked: Asked, why_never: Words = "", never_evidence: Words = "") -> Response:
    """Stop everything, for somebody who has died or never wants to hear from us again."""
    who, said = asked.staff, {"why": why_never, "evidence": never_evidence}

    def verb(lead: Lead) -> None:
        never_contact(asked.session, lead.id, version=asked.version, actor=who.actor, roles=who.roles, **said)

    return do(asked, verb, done="?said=never")


@router.post("/never-contact/take-back")
def take_it_back(asked: Asked, never_evidence: Words = "") -> Response:
    """Take back that somebody must never be contacted; for supervisors."""

    def verb(lead: Lead) -> None:
        require(asked.staff.roles, "people.contact_again")
        take_back(asked.session, lead.person_id, actor=asked.staff.actor, evidence=never_evidence)
        write(asked.session, lead.id, f"May be contacted again: {never_evidence.strip()}", actor=asked.staff.actor)

    return do(asked, verb, done="?said=never-back")
