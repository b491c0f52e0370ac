"""Details are put right on the person's word: a new address begins as any new address does, and the timeline says what was changed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import NOT_SAFE, Spoken, choose, grant, granted, suppress
from leads.errors import Conflict, FieldError, Invalid
from leads.messages.models import Message
from leads.people import correct as people
from leads.people.models import Person
from leads.pipeline.ask_to_confirm import ask_to_confirm
from leads.pipeline.confirm import confirm_address
from leads.pipeline.facts import person_changed
from leads.pipeline.find import locked
from leads.pipeline.models import Lead, Note
from leads.pipeline.spoken import KINDS, agree
from leads.sequences.hand_over import finish_all

OF_LEAD = ("office", "interest")
FIELDS = (*people.FIELDS, *OF_LEAD)
KIND = "corrected"
TAKEN_BACK = "Taken back: it was corrected by mistake."
NAMED = {"email": "e-mail", "birth_date": "birth date", "safe_voicemail": "voicemail"}
Details = Mapping[str, str | bool | None]


@dataclass(frozen=True)
class Word:
    """Whose word it is; and what they said of an address that is new: what they agree to there, that it is safe, and that it is right."""

    by: str = ""
    agrees_to: frozenset[str] = frozenset()
    is_safe: bool = True
    was_read_back: bool = False


def details_of(person: Person, lead: Lead) -> Details:
    """Return what can be corrected, as it stands."""
    return {name: getattr(lead if name in OF_LEAD else person, name) for name in FIELDS}


class Corrected(NamedTuple):
    """Which details differed, and the mail that asks a new address whether it is theirs: on its way, or left out with its reason."""

    fields: set[str]
    asks: Message | None = None


def correct(session: Session, lead_id: uuid.UUID, to: Details, word: Word, *, actor: str) -> Corrected:
    """Let these details hold from now on and return which differ from what was on record; a new address is asked at once.

    A new address is nobody's until it is confirmed, and has the grants they give for it. Raises Invalid where nobody is named whose word
    a new address or number is.
    """
    lead = locked(session, lead_id)
    person = people.hold(session, lead.person_id)
    by = word.by.strip()
    language = person.language
    changed = people.change(session, person, to) | _change_lead(session, lead, to)
    if changed & {"email", "phone"} and not by:
        words = "Say whose word it is: “Ana herself, on the phone”."
        raise Invalid(words, errors=(FieldError("said_by", "required", words),))
    asks: Message | None = None
    if "email" in changed and person.email_index is not None:
        _begin_address(session, lead, person, word, actor=actor)
        asks = ask_to_confirm(session, lead, person, actor=actor)
    if "phone" in changed:
        finish_all(session, "wrong-number", lead_id=lead.id, actor=actor, outcome="corrected")
    if person.language != language:
        choose(session, person.id, "set", "language", Spoken("spoken", "spoken", evidence=by or None), actor=actor, value=person.language)
    if changed:
        _write_down(session, lead, person, changed, by, actor=actor)
    person_changed(session, person.id, actor=actor)
    return Corrected(changed, asks)


def can_go_back(made: Corrected) -> bool:
    """True where a correction has let nothing begin: a new address or number has been asked about, and found on others, already."""
    return not made.fields & {"email", "phone"}


def correct_back(session: Session, lead_id: uuid.UUID, was: Details, then: Details, *, actor: str) -> str:
    """Let details be again what they were and return the lead's number; raises Conflict where they are not `then` any more."""
    lead = locked(session, lead_id)
    stands = details_of(people.hold(session, lead.person_id), lead)
    if any(stands[name] != value for name, value in then.items()):
        raise Conflict(f"{lead.number}: their details were changed since. Look, then correct them by hand.")
    correct(session, lead.id, {**stands, **was}, Word(TAKEN_BACK), actor=actor)
    lead.version += 1
    return lead.number


def _change_lead(session: Session, lead: Lead, to: Details) -> set[str]:
    changed = {name for name in OF_LEAD if getattr(lead, name) != to[name]}
    for name in changed:
        setattr(lead, name, to[name])
    # Whoever holds the lead anew in this transaction reads it from the database.
    session.flush()
    return changed


def _begin_address(session: Session, lead: Lead, person: Person, word: Word, *, actor: str) -> None:
    """Let consent be what they say of the new mailbox; stops, bounces and the proof of the old one hang on the old one."""
    how = Spoken(source="spoken", method="spoken", wording=clinic().consent.version, evidence=word.by.strip())
    # What was agreed to for one mailbox is not agreed to for another: it is said anew, or it ends.
    for kind in sorted(granted(session, person.id) & word.agrees_to & set(KINDS)):
        grant(session, person.id, kind, how, actor=actor)
    agree(session, lead.id, word.agrees_to, evidence=word.by, actor=actor)
    person.safe_email = word.is_safe
    if not word.is_safe:
        suppress(session, person_id=person.id, address_index=person.email_index, reason=NOT_SAFE, actor=actor, how=how)
    elif word.was_read_back:
        confirm_address(session, lead.id, method="spoken", evidence=word.by.strip(), actor=actor)


def _write_down(session: Session, lead: Lead, person: Person, changed: set[str], by: str, *, actor: str) -> None:
    """Put on record which details were changed, never from what to what; for colleagues also whose word it was."""
    fields = [name for name in FIELDS if name in changed]
    record(session, "person.corrected", person, actor=actor, fields=fields, lead=lead.number)
    what = ", ".join(NAMED.get(name, name.replace("_", " ")) for name in fields)
    session.add(Note(lead_id=lead.id, text="\n".join(filter(None, (what.capitalize(), by))), kind=KIND, actor=actor, at=now()))
