"""What concerns the person behind a lead: their address, a rest from our mails, a safety hold."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.clock import local_to_utc, now
from leads.consent.ledger import lift_not_safe
from leads.errors import FieldError, Invalid
from leads.http.console import words
from leads.http.console.act import Asked, did, do
from leads.pipeline.confirm import confirm_address
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.safety.release import Disposition
from leads.safety.release import release as release_hold
from leads.sequences.rest import end_pause, pause

router = APIRouter(prefix="/leads/{number}")
LONGEST_REST = timedelta(days=366)
Words = Annotated[str, Form()]


@router.post("/confirm")
def confirm(asked: Asked, evidence: Words = "") -> Response:
    """Confirm the address, on the word of somebody who spoke with the person."""
    return do(
        asked,
        lambda lead: confirm_address(asked.session, lead.id, method="spoken", evidence=evidence.strip(), actor=asked.staff.actor),
        done="?said=confirmed",
    )


@router.post("/safe-again")
def safe_again(asked: Asked, spoken: Words = "") -> Response:
    """Write to an address again that was said not to be safe, on the word of the person themselves."""

    def verb(lead: Lead) -> None:
        lift_not_safe(asked.session, lead.person_id, actor=asked.staff.actor, evidence=spoken)
        # What the person said stands where the next colleague looks.
        write(asked.session, lead.id, f"Safe to e-mail again: {spoken.strip()}", actor=asked.staff.actor)

    return do(asked, verb, done="?said=safe-again")


@router.post("/pause")
def rest(asked: Asked, until: Words = "") -> Response:
    """Let the person rest from all sequences until the beginning of a day."""

    def verb(lead: Lead) -> None:
        pause(asked.session, lead.person_id, _day(until, lead), reason="staff", actor=asked.staff.actor)

    return did(asked, "paused", verb)


@router.post("/resume")
def resume(asked: Asked) -> Response:
    """End the rest now."""
    return did(asked, "resumed", lambda lead: end_pause(asked.session, lead.person_id, actor=asked.staff.actor))


@router.post("/release")
def release(asked: Asked, found: Words = "", disposition: Words = "") -> Response:
    """Release the safety hold with what was found, coded and in words; for clinicians only."""

    def verb(lead: Lead) -> None:
        how = Disposition(found, disposition)
        release_hold(asked.session, lead.person_id, actor=asked.staff.actor, roles=asked.staff.roles, disposition=how)

    return do(asked, verb, done="?said=released")


def _day(text: str, lead: Lead) -> datetime:
    try:
        until = local_to_utc(date.fromisoformat(text), time(), words.zone_of(lead.office))
    except ValueError:
        until = now()
    if not now() < until <= now() + LONGEST_REST:
        message = "Choose a day after today, within a year."
        raise Invalid(message, errors=(FieldError("until", "no_date", message),))
    return until
