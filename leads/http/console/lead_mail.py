"""What a colleague does with a lead's mails beside moving them: send one now, stop its sequence, write a note and mend it."""

import uuid
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.clock import local_to_utc, now
from leads.errors import Conflict, FieldError, Invalid
from leads.http.console import words
from leads.http.console.act import Asked, did, do
from leads.http.console.lead_actions import check_belongs
from leads.http.console.mail_page import back_to
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.sequences.by_hand import rewrite_note, send_now, write_note
from leads.sequences.stop import stop_one

router = APIRouter(prefix="/leads/{number}")
# A mail that somebody sends by hand waits so long: what has gone out nobody can call back.
CALLED_BACK_WITHIN = timedelta(seconds=10)
STOPPED = "sequence-stopped-by-staff"
Words = Annotated[str, Form()]


@router.post("/messages/{message_id}/now")
def send(asked: Asked, message_id: uuid.UUID) -> Response:
    """Send a mail now, where every guard lets it pass."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        send_now(asked.session, message_id, after=CALLED_BACK_WITHIN, actor=asked.staff.actor)

    return did(asked, "mail-now", verb, place="#planned", again=back_to(message_id))


@router.post("/messages/{message_id}/stop")
def stop(asked: Asked, message_id: uuid.UUID) -> Response:
    """Stop the sequence a mail belongs to, with all that is still to come of it."""

    def verb(lead: Lead) -> None:
        mail = asked.session.get(Message, message_id)
        check_belongs(mail, lead)
        if mail is None or mail.enrolment_id is None:
            raise Conflict("This mail belongs to no sequence; skip it alone.", code="not_allowed_now")
        stop_one(asked.session, mail.enrolment_id, actor=asked.staff.actor, reason=STOPPED)

    return did(asked, "mail-stopped", verb, place="#planned", again=back_to(message_id))


@router.post("/messages/{message_id}/rewrite")
def rewrite(asked: Asked, message_id: uuid.UUID, note_text: Words = "") -> Response:
    """Give a note that waits other words."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        rewrite_note(asked.session, message_id, note_text, signed_by=asked.staff.name, actor=asked.staff.actor)

    return do(asked, verb, done="?said=mail-rewritten#planned", again=back_to(message_id))


@router.post("/mail-note")
def write(asked: Asked, note_text: Words = "", note_at: Words = "") -> Response:
    """Put a one-off note among the mails to come."""

    def verb(lead: Lead) -> None:
        said = {"office": lead.office, "signed_by": asked.staff.name, "actor": asked.staff.actor}
        write_note(asked.session, lead.person_id, lead.id, note_text, at=_moment(note_at, lead), **said)

    return did(asked, "mail-written", verb, place="#planned")


def _moment(text: str, lead: Lead) -> datetime:
    if not text.strip():
        return now()
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        told = "Choose a day and a time, or leave it empty for as soon as possible."
        raise Invalid(told, errors=(FieldError("note_at", "no_time", told),)) from None
    return local_to_utc(local.date(), local.time(), words.zone_of(lead.office))
