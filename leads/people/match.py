"""Do we know this person already? Two identifiers and the name must agree; couples share phones."""

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, LargeBinary, Uuid, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import new_id
from leads.people.models import MergeSuggestion, Person
from leads.security.fields import blind_index

CANDIDATES = select(Person.id).where(
    or_(
        Person.email_index == bindparam("email", type_=LargeBinary()),
        Person.phone_index == bindparam("phone", type_=LargeBinary()),
    )
)

PEOPLE = select(Person).where(Person.id == any_(bindparam("ids", type_=ARRAY(Uuid())))).order_by(Person.id)


@dataclass(frozen=True)
class Identity:
    """What a submission says about who someone is."""

    given_name: str
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | None = None


def email_index(address: str) -> bytes:
    """Return the blind index of an e-mail address; case and surrounding space don't matter."""
    # RFC 5321 lets the part before the @ differ by case; hardly a provider does, and people type it as they please.
    return blind_index("email", address.strip().casefold())


def phone_index(number: str) -> bytes:
    """Return the blind index of a phone number in E.164."""
    return blind_index("phone", number)


def indexes_of(who: Identity) -> dict[str, bytes | None]:
    """Return what CANDIDATES is asked with; a missing identifier agrees with nobody's."""
    return {"email": email_index(who.email) if who.email else None, "phone": phone_index(who.phone) if who.phone else None}


def find(session: Session, who: Identity, candidates: Sequence[uuid.UUID]) -> tuple[Person | None, Sequence[tuple[Person, str]]]:
    """Return the person this certainly is, if any, and those it may be, each with the identifiers that agree.

    `candidates` is the answer of CANDIDATES, asked by whoever holds the identifiers' locks.
    """
    known: Person | None = None
    suspects: dict[uuid.UUID, tuple[Person, str]] = {}
    for candidate in _people(session, candidates):
        agreeing = [name for name, agrees in agreement(candidate, who).items() if agrees]
        whose = surviving(session, candidate)
        # Two identifiers and the name: couples share a phone, families an address, and twins a birth date.
        if known is None and len(agreeing) >= 2 and same_name(candidate, who):
            known = whose
        else:
            suspects.setdefault(whose.id, (whose, "+".join(agreeing)))
    return known, [suspect for suspect in suspects.values() if suspect[0] is not known]


def _people(session: Session, ids: Sequence[uuid.UUID]) -> Sequence[Person]:
    # Nearly always it is one: asked for by its key, for a list of unknown length is planned anew each time.
    return [session.get_one(Person, ids[0])] if len(ids) == 1 else session.scalars(PEOPLE, {"ids": ids}).all() if ids else ()


def surviving(session: Session, person: Person) -> Person:
    """Return the record that stands for a person now: their own, or the one it was merged into."""
    while person.merged_into is not None:
        person = session.get_one(Person, person.merged_into)
    return person


def suggest_merge(session: Session, person_id: uuid.UUID, other_id: uuid.UUID, *, why: str) -> None:
    """Put two people before a coordinator's eyes; suggesting the same pair again changes nothing."""
    # In one order, so that the pair seen from the other side meets the same unique index.
    first, second = sorted((person_id, other_id))
    row = {"id": new_id(), "person_id": first, "other_id": second, "why": why, "suggested_at": now()}
    session.execute(insert(MergeSuggestion).values(row).on_conflict_do_nothing())


def same_name(person: Person, who: Identity) -> bool:
    """True when given and family name agree but for case, accents and spacing."""
    return _plain(person.given_name) == _plain(who.given_name) and _plain(person.family_name) == _plain(who.family_name)


def agreement(person: Person, who: Identity) -> dict[str, bool]:
    """Return of each identifier whether it is the same."""
    return {
        "email": who.email is not None and person.email_index == email_index(who.email),
        "phone": who.phone is not None and person.phone_index == phone_index(who.phone),
        "birth_date": who.birth_date is not None and person.birth_date == who.birth_date.isoformat(),
    }


def _plain(name: str | None) -> str:
    # José types Jose on a keyboard without accents, and is the same person.
    letters = unicodedata.normalize("NFKD", name or "")
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().split())
