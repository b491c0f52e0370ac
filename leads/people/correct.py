"""A person's details as they are put right: found by them from then on, and held against everybody else we know."""

import uuid
from collections.abc import Mapping

from sqlalchemy.orm import Session

from leads.db import lock
from leads.people.match import CANDIDATES, Identity, agreement, email_index, find, indexes_of, phone_index, suggest_merge
from leads.people.models import Person

FIELDS = ("given_name", "family_name", "phone", "email", "birth_date", "language", "safe_voicemail")


def hold_identifiers(session: Session, email: str | None, phone: str | None) -> None:
    """Hold an address and a number until the transaction ends, as intake does; asked before any row is held."""
    # An inquiry with the same address would not see this person, nor this one it.
    for index in sorted(index for index in indexes_of(Identity("", email=email, phone=phone)).values() if index):
        lock(session, "identity", index)


def hold(session: Session, person_id: uuid.UUID) -> Person:
    """Return a person as they stand, held until the transaction ends: by the forms of colleagues and by their own pages alike."""
    lock(session, "person", person_id)
    return session.get_one(Person, person_id, with_for_update=True, populate_existing=True)


def change(session: Session, person: Person, to: Mapping[str, str | bool | None]) -> set[str]:
    """Give a person these details, each that differs, and return which did; whoever else has a new address or number is suggested."""
    changed = {name for name in FIELDS if getattr(person, name) != to[name]}
    for name in changed:
        setattr(person, name, to[name])
    if "email" in changed:
        person.email_index = email_index(person.email) if person.email else None
    if "phone" in changed:
        person.phone_index = phone_index(person.phone) if person.phone else None
    session.flush()
    if changed & {"email", "phone"}:
        _suggest(session, person, changed)
    return changed


def _suggest(session: Session, person: Person, changed: set[str]) -> None:
    email, phone = (getattr(person, name) if name in changed else None for name in ("email", "phone"))
    who = Identity(person.given_name or "", person.family_name, email, phone)
    candidates = [each for each in session.scalars(CANDIDATES, indexes_of(who)) if each != person.id]
    known, suspects = find(session, who, candidates)
    both = [(known, "+".join(name for name, agrees in agreement(known, who).items() if agrees))] if known else []
    for other, why in (*both, *suspects):
        if other.id != person.id:
            suggest_merge(session, person.id, other.id, why=why)
