"""The page of one mail: how it reads, what may be done with it, and what came of a change that was refused."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import LeadsError, NotFound
from leads.http.console import words
from leads.http.console.act import Action, Again, since_read
from leads.http.console.draw import draw
from leads.http.console.lead_actions import check_belongs
from leads.http.console.mail_samples import Look, in_frame
from leads.http.console.restriction import open_lead, read_person
from leads.http.console.staff import Reader, Staff
from leads.http.console.steered import log_of
from leads.http.console.timeline import named_in, since_then
from leads.http.console.typed import Typed
from leads.http.console.unsettled import STOPPED, not_again
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.messages.as_sent import as_sent, html_as_sent
from leads.messages.models import Message
from leads.messages.note import TEMPLATE
from leads.messages.outbox import STOPPABLE
from leads.messages.preview import Preview, preview
from leads.messages.templates import catalogue
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.sequences.by_hand import why_not_now, words_of
from leads.sequences.in_words import in_words

router = APIRouter(prefix="/leads/{number}/messages/{message_id}")


# A look at what was just read, in another light or width or in its frame: on record, and no line of its own in the mail's log.
SHOWN = "message.shown"
Shape = Literal["desktop", "phone"]


@dataclass(frozen=True)
class Seen:
    """How the page shows the mail's HTML: in light or dark, as wide as a desk's window or a phone's."""

    look: Look = "light"
    width: Shape = "desktop"
    is_again: bool = False

    def link(self, **changes: str) -> str:
        """Return the address of the same page with something changed."""
        return f"?{urlencode({'look': self.look, 'width': self.width} | changes)}#reads"


def seen(look: Look | None = None, width: Shape | None = None) -> Seen:
    """Return how the address asks for it to be shown."""
    return Seen(look or "light", width or "desktop", is_again=bool(look or width))


As = Annotated[Seen, Depends(seen)]


@router.get("")
def read(request: Request, session: Db, staff: Reader, number: str, message_id: uuid.UUID, shape: As) -> Response:
    """Show a mail as it would read if it went now; the reading is put on record."""
    return show(request, session, staff, by_number(session, number), message_id, shape=shape)


@router.get("/frame")
def frame(session: Db, staff: Reader, number: str, message_id: uuid.UUID, look: Look = "light") -> Response:
    """Return the mail's own HTML as it would read now, for the frame of its page."""
    check_belongs(session.get(Message, message_id), open_lead(session, staff, number))
    return in_frame(preview(session, message_id, actor=staff.actor, act=SHOWN).rendered.html, look)


@router.get("/as-sent")
def read_as_sent(request: Request, session: Db, staff: Reader, number: str, message_id: uuid.UUID, shape: As) -> Response:
    """Show a mail that went out in the words it had; the reading is put on record."""
    lead = by_number(session, number)
    check_belongs(session.get(Message, message_id), lead)
    read_person(session, staff, lead)
    shown = as_sent(session, message_id, actor=staff.actor, act=SHOWN if shape.is_again else "message.read")
    return draw(
        request,
        "mail_as_sent.html",
        staff=staff,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        mail=shown.message,
        shown=shown,
        seen=shape,
        zone=words.zone_of(lead.office),
    )


@router.get("/as-sent/frame")
def frame_as_sent(session: Db, staff: Reader, number: str, message_id: uuid.UUID, look: Look = "light") -> Response:
    """Return the HTML of a mail as it went out, for the frame of its page."""
    check_belongs(session.get(Message, message_id), open_lead(session, staff, number))
    return in_frame(html_as_sent(session, message_id, actor=staff.actor, act=SHOWN), look)


def back_to(message_id: uuid.UUID) -> Again:
    """Return how a refused change of a mail is answered: on the mail's own page, with what was typed and what has changed since."""

    def again(asked: Action, lead: Lead, refusal: LeadsError) -> Response:
        since = since_read(asked, refusal)
        return show(asked.request, asked.session, asked.staff, lead, message_id, refusal=refusal, typed=asked.typed, since=since)

    return again


def show(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    message_id: uuid.UUID,
    *,
    refusal: LeadsError | None = None,
    typed: Mapping[str, str] | None = None,
    since: datetime | None = None,
    shape: Seen = Seen(),
) -> Response:
    """Return a mail's page; after a refusal with the reason, what was typed, and what happened `since` it was read."""
    mail = session.get(Message, message_id)
    check_belongs(mail, lead)
    read_person(session, staff, lead)
    log, told = log_of(session, message_id), since_then(session, lead, since)
    return draw(
        request,
        "mail.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        mail=mail,
        refusal=refusal,
        typed=Typed(typed),
        news=told,
        log=log,
        names=who_is_who(session, {step.actor for step in log} | named_in(told)),
        why=in_words,
        read_at=now(),
        zone=words.zone_of(lead.office),
        seen=shape,
        **_reads(session, message_id, staff.actor, act=SHOWN if shape.is_again else "message.read"),
        **_offers(session, mail, staff),
    )


def is_same_wording(mail: Message | None) -> bool | None:
    """True where a mail that went out reads now as it read then, False where its words have changed since; None for one to come."""
    if mail is None or mail.template_version is None or mail.state in STOPPABLE:
        return None
    template = catalogue().get(mail.template)
    return template is not None and template.version(mail.language or "en") == mail.template_version


def _offers(session: Session, mail: Message | None, staff: Staff) -> dict[str, Any]:
    waits = mail is not None and mail.state in STOPPABLE
    return {
        "may_move": staff.may_work and waits,
        "not_now": why_not_now(session, mail) if mail is not None and waits else None,
        "note": "\n\n".join(words_of(mail)) if mail is not None and mail.template == TEMPLATE else None,
        "is_same": is_same_wording(mail),
        "not_again": not_again(session, [mail.id] if mail is not None else []),
        "why_not_again": STOPPED,
    }


def _reads(session: Session, message_id: uuid.UUID, actor: str, *, act: str) -> dict[str, Any]:
    shown: Preview | None = None
    unreadable: LeadsError | None = None
    try:
        shown = preview(session, message_id, actor=actor, act=act)
    except NotFound:
        raise
    except LeadsError as refusal:
        # A mail that cannot be written is just what somebody comes here to look at.
        unreadable = refusal
    return {"shown": shown, "unreadable": unreadable}
