"""One mail of a lead: read it before it goes, move it, stop it, or settle it when it failed."""

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.clock import local_to_utc, now
from leads.errors import FieldError, Invalid, LeadsError, NotFound
from leads.http.console import words
from leads.http.console.act import Asked, do
from leads.http.console.draw import draw
from leads.http.console.lead_actions import check_belongs
from leads.http.console.restriction import read_person
from leads.http.console.sending import settle_one
from leads.http.console.staff import Reader
from leads.http.console.steered import log_of
from leads.http.console.timeline import who_is_who
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.as_sent import as_sent
from leads.messages.models import Message
from leads.messages.note import TEMPLATE
from leads.messages.outbox import STOPPABLE
from leads.messages.preview import Preview, preview
from leads.messages.steer import move as move_mail
from leads.messages.templates import catalogue
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.sequences.by_hand import why_not_now, words_of
from leads.sequences.in_words import in_words

router = APIRouter(prefix="/leads/{number}/messages/{message_id}")
Words = Annotated[str, Form()]


@router.get("")
def read(request: Request, session: Db, staff: Reader, number: str, message_id: uuid.UUID) -> Response:
    """Show a mail as it would read if it went now; the reading is put on record."""
    lead = by_number(session, number)
    mail = session.get(Message, message_id)
    check_belongs(mail, lead)
    read_person(session, staff, lead)
    log = log_of(session, message_id)
    shown, refusal = _preview(session, message_id, staff.actor)
    return draw(
        request,
        "mail.html",
        staff=staff,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        mail=mail,
        shown=shown,
        refusal=refusal,
        may_move=staff.may_work and mail is not None and mail.state in STOPPABLE,
        not_now=why_not_now(session, mail) if mail is not None and mail.state in STOPPABLE else None,
        note="\n\n".join(words_of(mail)) if mail is not None and mail.template == TEMPLATE else None,
        log=log,
        names=who_is_who(session, {step.actor for step in log}),
        is_same=is_same_wording(mail),
        why=in_words,
        read_at=now(),
        zone=words.zone_of(lead.office),
    )


@router.get("/as-sent")
def read_as_sent(request: Request, session: Db, staff: Reader, number: str, message_id: uuid.UUID) -> Response:
    """Show a mail that went out in the words it had; the reading is put on record."""
    lead = by_number(session, number)
    check_belongs(session.get(Message, message_id), lead)
    read_person(session, staff, lead)
    shown = as_sent(session, message_id, actor=staff.actor)
    return draw(
        request,
        "mail_as_sent.html",
        staff=staff,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        mail=shown.message,
        shown=shown,
        zone=words.zone_of(lead.office),
    )


@router.post("/move")
def move(asked: Asked, message_id: uuid.UUID, at: Words = "") -> Response:
    """Give the mail another time, by the clock of the lead's office."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        move_mail(asked.session, message_id, _moment(at, lead), actor=asked.staff.actor)

    return do(asked, verb, done="#planned")


@router.post("/failed")
def settle_failed(asked: Asked, message_id: uuid.UUID, verdict: Words = "") -> Response:
    """Have a failed mail tried once more, or say that it is not needed."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        settle_one(asked.session, message_id, verdict, actor=asked.staff.actor)

    return do(asked, verb, done="#planned")


def _preview(session: Session, message_id: uuid.UUID, actor: str) -> tuple[Preview | None, LeadsError | None]:
    try:
        return preview(session, message_id, actor=actor), None
    except NotFound:
        raise
    except LeadsError as refusal:
        # A mail that cannot be written is just what somebody comes here to look at.
        return None, refusal


def is_same_wording(mail: Message | None) -> bool | None:
    """True where a mail that went out reads now as it read then, False where its words have changed since; None for one to come."""
    if mail is None or mail.template_version is None or mail.state in STOPPABLE:
        return None
    template = catalogue().get(mail.template)
    return template is not None and template.version(mail.language or "en") == mail.template_version


def _moment(text: str, lead: Lead) -> datetime:
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        message = "Choose a day and a time."
        raise Invalid(message, errors=(FieldError("at", "no_time", message),)) from None
    return local_to_utc(local.date(), local.time(), words.zone_of(lead.office))
