"""Correcting what we know of a person and what they want: name, address, number, and whatever else was misheard or mistyped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clinic.typed import UNDER_AGE, from_form
from leads.clock import now
from leads.consent.ledger import is_not_safe
from leads.consent.never import never_again
from leads.errors import Invalid, LeadsError, StaleVersion
from leads.http.console import words
from leads.http.console.act import STALE, Action, Asked, do, since_read
from leads.http.console.draw import draw
from leads.http.console.restriction import read_person
from leads.http.console.shell import said_of
from leads.http.console.staff import Staff, Whole, needs
from leads.http.console.timeline import named_in, since_then
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.errors import from_model
from leads.http.transaction import Db
from leads.http.wording import Words
from leads.inquiries.submission import Correction
from leads.people.correct import hold, hold_identifiers
from leads.people.models import Person
from leads.pipeline.correct import FIELDS, Corrected, Details, Word, can_go_back, correct, details_of
from leads.pipeline.deeds import did_correct
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.spoken import KINDS, why_no_agreeing
from leads.sequences.hand_over import finish
from leads.todos.models import Todo

Editor = Annotated[Staff, Depends(needs("leads.work"))]
BOUNCED = "phone-instead"
router = APIRouter(prefix="/leads/{number}/details")


@router.get("")
def show(request: Request, session: Db, staff: Editor, number: str) -> Response:
    """Show the details as they stand, to be corrected; the reading is put on record."""
    return _page(request, session, staff, by_number(session, number))


@router.post("")
def save(asked: Asked, form: Whole) -> Response:
    """Correct what was changed, and finish the to-do to phone if they did; what a colleague corrected meanwhile stands."""
    found = _read(form)
    if isinstance(found, Correction):
        hold_identifiers(asked.session, found.email, found.phone)

    def verb(lead: Lead) -> str:
        person = hold(asked.session, lead.person_id)
        if any(form.get(f"was.{name}", "") != value for name, value in _as_typed(person, lead).items()):
            raise StaleVersion(STALE)
        if isinstance(found, Invalid):
            raise found
        stood, to = details_of(person, lead), found.model_dump(mode="json")
        made = correct(asked.session, lead.id, to, _word(form), actor=asked.staff.actor)
        told = _phoned(asked, lead) if form.get("phoned") else 0
        if not made.fields and not told:
            raise Invalid("Nothing here differs from what is on record.")
        return _ending(asked, lead, made, stood, told=bool(told))

    return do(asked, verb, done=lambda ending: ending, again=_again)


def _ending(asked: Action, lead: Lead, made: Corrected, stood: Details, *, told: bool) -> str:
    """Return how the address ends of the page that says what was corrected, and that takes it back where nothing came of it."""
    if not made.fields:
        return "?said=phoned"
    if not can_go_back(made):
        return f"?said={_asked_of(made)}"
    if told:
        return "?said=corrected-phoned"
    both = (stood, details_of(hold(asked.session, lead.person_id), lead))
    was, then = ({name: each[name] for name in sorted(made.fields)} for each in both)
    return said_of("corrected", did_correct(asked.session, lead, was, then, account_id=asked.staff.id))


def _asked_of(made: Corrected) -> str:
    if made.asks is None:
        return "corrected-reach"
    return "corrected-asks" if made.asks.state == "planned" else "corrected-not-asked"


def _read(form: Mapping[str, str]) -> Correction | Invalid:
    try:
        return Correction.model_validate(from_form({name: form.get(name, "") for name in FIELDS}))
    except ValidationError as error:
        return from_model(error)


def _word(form: Mapping[str, str]) -> Word:
    agrees_to = frozenset(kind for kind in KINDS if form.get(f"agrees.{kind}"))
    is_safe = form.get("safe_email") == "yes"
    return Word(form.get("said_by", ""), agrees_to, is_safe=is_safe, was_read_back=bool(form.get("address_read_back")))


def _phoned(asked: Action, lead: Lead) -> int:
    todos = asked.session.scalars(_to_phone(lead)).all()
    for todo in todos:
        finish(asked.session, todo.id, actor=asked.staff.actor, outcome="done")
    return len(todos)


def _to_phone(lead: Lead) -> Any:
    # A report about an address alone names no lead.
    whose = (Todo.person_id == lead.person_id, or_(Todo.lead_id == lead.id, Todo.lead_id.is_(None)))
    return select(Todo).where(*whose, Todo.kind == BOUNCED, Todo.done_at.is_(None))


def _as_typed(person: Person, lead: Lead) -> dict[str, str]:
    """Return the details on record as the fields of the form hold them."""
    stands = details_of(person, lead)
    return {name: ("yes" if value else "no") if isinstance(value, bool) else value or "" for name, value in stands.items()}


def _again(asked: Action, lead: Lead, refusal: LeadsError) -> Response:
    return _page(asked.request, asked.session, asked.staff, lead, refusal=refusal, typed=asked.typed, since=since_read(asked, refusal))


def _merged(stands: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """Return what to show after a refusal: what was typed where it was, and everywhere else what is on record now."""
    touched = {name for name in stands if typed.get(name, "") != typed.get(f"was.{name}", "")}
    return {name: typed.get(name, "") if name in touched else stands[name] for name in stands}


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    *,
    refusal: LeadsError | None = None,
    typed: Mapping[str, str] | None = None,
    since: datetime | None = None,
) -> Response:
    person = read_person(session, staff, lead)
    session.refresh(person)
    stands, told = _as_typed(person, lead), since_then(session, lead, since)
    # What they agree to at a new address is ticked once they have said it; that mail is safe, no further than it is on record.
    is_safe = person.safe_email and not is_not_safe(session, person.id)
    values = stands | ({"safe_email": "yes" if is_safe else "no"} if typed is None else dict(typed) | _merged(stands, typed))
    return draw(
        request,
        "details.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        person=person,
        zone=words.zone_of(lead.office),
        read_at=now(),
        refusal=refusal,
        news=told,
        names=who_is_who(session, named_in(told)),
        errors=_errors(refusal),
        stands=stands,
        values=values,
        differs={name for name in stands if refusal and since and values[name] != stands[name]},
        no_agreeing=why_no_agreeing(never_again(session, person.id)),
        bounced=session.scalar(_to_phone(lead).limit(1)),
        **_choices(),
    )


def _errors(refusal: LeadsError | None) -> dict[str, str]:
    errors = {each.field: Words("en").of_error(each) for each in refusal.errors} if refusal else {}
    if any(each.code == UNDER_AGE for each in (refusal.errors if refusal else ())):
        errors["birth_date"] = "By this date they are under 18, and we treat adults. Nothing was changed."
    return errors


def _choices() -> dict[str, Any]:
    return {
        "offices": [("none", "No preference"), *((each.code, each.name) for each in clinic().offices)],
        "interests": [("", "Did not say"), *((each.code, each.words["en"]) for each in clinic().interests)],
        "kinds": KINDS,
    }
