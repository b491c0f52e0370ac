"""What a colleague does with one mail of a lead: move it, skip it, or settle it when it failed."""

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.clock import local_to_utc
from leads.errors import FieldError, Invalid
from leads.http.console import words
from leads.http.console.act import Asked, did, do
from leads.http.console.lead_actions import check_belongs
from leads.http.console.mail_page import back_to
from leads.http.console.sending import settle_doubt, settle_one
from leads.messages.models import Message
from leads.messages.outbox import cancel_one
from leads.messages.steer import move as move_mail
from leads.pipeline.models import Lead

router = APIRouter(prefix="/leads/{number}/messages/{message_id}")
Words = Annotated[str, Form()]


@router.post("/move")
def move(asked: Asked, message_id: uuid.UUID, at: Words = "") -> Response:
    """Give the mail another time, by the clock of the lead's office."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        move_mail(asked.session, message_id, _moment(at, lead), actor=asked.staff.actor)

    return did(asked, "mail-moved", verb, place="#planned", again=back_to(message_id))


@router.post("/cancel")
def skip(asked: Asked, message_id: uuid.UUID) -> Response:
    """Take one planned mail back."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        cancel_one(asked.session, message_id, reason="stopped-by-staff", actor=asked.staff.actor)

    return did(asked, "mail-skipped", verb, place="#planned", again=back_to(message_id))


@router.post("/failed")
def settle_failed(asked: Asked, message_id: uuid.UUID, verdict: Words = "") -> Response:
    """Have a failed mail tried once more, or say that it is not needed."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        settle_one(asked.session, message_id, verdict, actor=asked.staff.actor)

    return do(asked, verb, done="?said=mail-settled#planned")


@router.post("/settle")
def settle(asked: Asked, message_id: uuid.UUID, verdict: Words = "") -> Response:
    """Say of a mail of which nobody knows that it arrived, that it did not, or have it sent once more."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        settle_doubt(asked.session, message_id, verdict, actor=asked.staff.actor)

    # It is offered beside the to-do, too; whoever presses it there comes back there.
    on_its_page = asked.typed.get("form") == "settle-mail"
    return do(asked, verb, done="?said=mail-settled#next-title", again=back_to(message_id) if on_its_page else None)


def _moment(text: str, lead: Lead) -> datetime:
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        message = "Choose a day and a time."
        raise Invalid(message, errors=(FieldError("at", "no_time", message),)) from None
    return local_to_utc(local.date(), local.time(), words.zone_of(lead.office))
