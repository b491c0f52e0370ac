"""What a coordinator does to a lead: move it, write, log a call, take it, finish a to-do."""

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.appointments.follow import move_lead
from leads.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from leads.http.console.act import Action, Asked, did, do
from leads.messages.decide import is_in_doubt
from leads.messages.models import Message
from leads.pipeline.assign import assign, one_of
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from leads.pipeline.notes import write
from leads.pipeline.own_todos import Own, ask
from leads.pipeline.unreached import give_up
from leads.sequences.hand_over import finish as finish_todo
from leads.todos.models import Todo
from leads.todos.open import why_not_theirs

router = APIRouter(prefix="/leads/{number}")
Words = Annotated[str, Form()]
# What a clinician must have done before it is done: a button beside it would let it pass unseen.
ENDS_ELSEWHERE = {
    "safety": "This to-do ends when a clinician releases the hold.",
    "review-screening": "This to-do ends when a clinician has looked at the screening, and says so beside it.",
    "review-opening": "This to-do ends when a supervisor has looked at each opening, on the page of openings.",
}
IN_DOUBT = "Nobody knows yet whether a mail of theirs arrived. Say it of the mail itself, below, and this to-do ends."


@router.post("/move")
def move(asked: Asked, to: Words = "", reason: Words = "", outcome: Words = "") -> Response:
    """Move the lead to another stage, close it, or open it again; its visit goes along."""
    words = {"outcome": outcome or None, "reason": reason.strip() or None}
    by = asked.staff

    def verb(lead: Lead) -> None:
        move_lead(asked.session, lead.id, to, version=asked.version, actor=by.actor, roles=by.roles, **words)

    return did(asked, "moved", verb)


@router.post("/note")
def note(asked: Asked, text: Words = "") -> Response:
    """Write a note."""
    return did(asked, "noted", lambda lead: write(asked.session, lead.id, text, actor=asked.staff.actor), place="#timeline")


@router.post("/call")
def call(asked: Asked, result: Words = "", note: Words = "", again_on: Words = "") -> Response:
    """Log a call, when to call again, and a to-do of one's own."""

    def verb(lead: Lead) -> None:
        day = day_typed("again_on", again_on) if again_on else None
        own = own_typed(asked)
        log_call(asked.session, lead.id, result=result, note=note, again_on=day, actor=asked.staff.actor)
        if own is not None:
            ask(asked.session, lead.id, own, actor=asked.staff.actor)

    return did(asked, "called", verb)


def own_typed(asked: Action) -> Own | None:
    """Return the to-do that a form asks for beside, for whoever typed it unless it names a colleague; None where it asks for none."""
    what, on, whom = (asked.typed.get(name, "").strip() for name in ("todo_what", "todo_on", "todo_for"))
    if not what and not on:
        return None
    for_account = one_of(asked.session, whom, field="todo_for") or asked.staff.id
    return Own(what, asked.typed.get("todo_when") or "tomorrow", day_typed("todo_on", on) if on else None, for_account)


@router.post("/take")
def take(asked: Asked) -> Response:
    """Make the lead one's own."""
    return did(asked, "given", lambda lead: assign(asked.session, lead.id, asked.staff.id, actor=asked.staff.actor))


@router.post("/assign")
def give_to(asked: Asked, to_account: Words = "") -> Response:
    """Give the lead to a colleague, or to all."""

    def verb(lead: Lead) -> None:
        assign(asked.session, lead.id, one_of(asked.session, to_account), actor=asked.staff.actor)

    return did(asked, "given" if to_account else "given-back", verb)


@router.post("/give-back")
def give_back(asked: Asked) -> Response:
    """Give the lead back to all."""
    return did(asked, "given-back", lambda lead: assign(asked.session, lead.id, None, actor=asked.staff.actor))


@router.post("/todos/{todo_id}/done")
def done(asked: Asked, todo_id: uuid.UUID, outcome: Words = "") -> Response:
    """Finish a to-do, for whom it is; what a clinician must see ends where they see it."""

    def verb(lead: Lead) -> None:
        todo = asked.session.get(Todo, todo_id)
        check_belongs(todo, lead)
        if todo is not None and todo.kind in ENDS_ELSEWHERE:
            raise NotFound(ENDS_ELSEWHERE[todo.kind])
        if todo is not None and (whose := why_not_theirs(todo, asked.staff.roles)):
            raise Forbidden(f"This to-do is {whose}. An administrator can change what your account may do.")
        if todo is not None and todo.kind == "settle-unknown" and is_in_doubt(asked.session, lead.id):
            raise Conflict(IN_DOUBT)
        finish_todo(asked.session, todo_id, actor=asked.staff.actor, outcome=outcome or "done")

    return did(asked, "done", verb)


@router.post("/cannot-reach")
def cannot_reach(asked: Asked, to_patient: Words = "") -> Response:
    """Close the lead as one nobody could reach; with `mail` the person hears so, kindly."""
    by, hears = asked.staff, to_patient == "mail"

    def verb(lead: Lead) -> None:
        give_up(asked.session, lead.id, version=asked.version, actor=by.actor, roles=by.roles, write=hears)

    return do(asked, verb, done="?said=cannot-reach")


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
