"""What a coordinator does to a lead: move it, write, log a call, take it, finish a to-do, stop a mail."""

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.appointments.follow import move_lead
from leads.errors import FieldError, Invalid, NotFound
from leads.http.console.act import Asked, do
from leads.messages.models import Message
from leads.messages.outbox import cancel_one
from leads.pipeline.assign import assign, one_of
from leads.pipeline.contact import log_call
from leads.pipeline.deeds import did_todo
from leads.pipeline.models import Deed, Lead
from leads.pipeline.notes import write
from leads.pipeline.unreached import give_up
from leads.sequences.hand_over import finish as finish_todo
from leads.todos.models import Todo

SEE_OTHER = 303
router = APIRouter(prefix="/leads/{number}")
Words = Annotated[str, Form()]
# What a clinician must have done before it is done: a button beside it would let it pass unseen.
ENDS_ELSEWHERE = {
    "safety": "This to-do ends when a clinician releases the hold.",
    "review-screening": "This to-do ends when a clinician has looked at the screening, and says so beside it.",
}


@router.post("/move")
def move(asked: Asked, to: Words = "", reason: Words = "", outcome: Words = "") -> Response:
    """Move the lead to another stage, close it, or open it again; its visit goes along."""

    def verb(lead: Lead) -> None:
        move_lead(
            asked.session,
            lead.id,
            to,
            version=asked.version,
            actor=asked.staff.actor,
            roles=asked.staff.roles,
            outcome=outcome or None,
            reason=reason.strip() or None,
        )

    return do(asked, verb)


@router.post("/note")
def note(asked: Asked, text: Words = "") -> Response:
    """Write a note."""
    return do(asked, lambda lead: write(asked.session, lead.id, text, actor=asked.staff.actor), done="#timeline")


@router.post("/call")
def call(asked: Asked, result: Words = "", note: Words = "", again_on: Words = "") -> Response:
    """Log a call, and when to call again."""

    def verb(lead: Lead) -> None:
        day = day_typed("again_on", again_on) if again_on else None
        log_call(asked.session, lead.id, result=result, note=note, again_on=day, actor=asked.staff.actor)

    return do(asked, verb)


@router.post("/take")
def take(asked: Asked) -> Response:
    """Make the lead one's own."""
    return do(asked, lambda lead: assign(asked.session, lead.id, asked.staff.id, actor=asked.staff.actor))


@router.post("/assign")
def give_to(asked: Asked, to_account: Words = "") -> Response:
    """Give the lead to a colleague, or to all."""

    def verb(lead: Lead) -> None:
        assign(asked.session, lead.id, one_of(asked.session, to_account), actor=asked.staff.actor)

    return do(asked, verb)


@router.post("/give-back")
def give_back(asked: Asked) -> Response:
    """Give the lead back to all."""
    return do(asked, lambda lead: assign(asked.session, lead.id, None, actor=asked.staff.actor))


@router.post("/todos/{todo_id}/done")
def done(asked: Asked, todo_id: uuid.UUID, outcome: Words = "") -> Response:
    """Finish a to-do; what a clinician must see ends where they see it."""

    deeds: list[Deed | None] = []

    def verb(lead: Lead) -> None:
        todo = asked.session.get(Todo, todo_id)
        check_belongs(todo, lead)
        if todo is not None and todo.kind in ENDS_ELSEWHERE:
            raise NotFound(ENDS_ELSEWHERE[todo.kind])
        finished = finish_todo(asked.session, todo_id, actor=asked.staff.actor, outcome=outcome or "done")
        deeds.append(did_todo(asked.session, finished, lead, account_id=asked.staff.id))

    response = do(asked, verb)
    if response.status_code == SEE_OTHER:
        deed = deeds[0]
        response.headers["Location"] += f"?said=done&did={deed.id}" if deed else "?said=gone-on"
    return response


@router.post("/cannot-reach")
def cannot_reach(asked: Asked, to_patient: Words = "") -> Response:
    """Close the lead as one nobody could reach; with `mail` the person hears so, kindly."""
    by, hears = asked.staff, to_patient == "mail"
    return do(asked, lambda lead: give_up(asked.session, lead.id, version=asked.version, actor=by.actor, roles=by.roles, write=hears))


@router.post("/messages/{message_id}/cancel")
def stop_mail(asked: Asked, message_id: uuid.UUID) -> Response:
    """Take one planned mail back."""

    def verb(lead: Lead) -> None:
        check_belongs(asked.session.get(Message, message_id), lead)
        cancel_one(asked.session, message_id, reason="stopped-by-staff", actor=asked.staff.actor)

    return do(asked, verb, done="#planned")


def day_typed(field: str, text: str) -> date:
    """Return a day that was typed; raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        words = "Choose a day."
        raise Invalid(words, errors=(FieldError(field, "no_date", words),)) from None


def check_belongs(row: Todo | Message | None, lead: Lead) -> None:
    """Raise NotFound unless a to-do or mail is this lead's."""
    if row is None or row.lead_id != lead.id:
        raise NotFound(f"There is no such thing on {lead.number}.")
