"""A submission names a person: somebody we know, or one we keep from now on."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from leads.clock import now
from leads.people.match import Identity, email_index, find, phone_index, suggest_merge
from leads.people.models import Person


@dataclass(frozen=True)
class Manner:
    """How somebody wants to be reached: language, by what and when, and whether their voicemail and mailbox are their own."""

    language: str = "en"
    reach_by: str = "any"
    reach_when: str = "any"
    safe_voicemail: bool = False
    safe_email: bool = True


def recognise(session: Session, who: Identity, manner: Manner, candidates: Sequence[uuid.UUID]) -> tuple[Person, bool]:
    """Return the person a submission is about, and whether we knew them; those it may be as well are suggested for a merge.

    `candidates` is the answer of CANDIDATES, asked by whoever holds the identifiers' locks.
    """
    known, suspects = find(session, who, candidates)
    person = known or add(session, who, manner)
    for suspect, why in suspects:
        session.flush()
        suggest_merge(session, person.id, suspect.id, why=why)
    return person, known is not None


def add(session: Session, who: Identity, manner: Manner) -> Person:
    """Return a new person, whether or not we know somebody like them."""
    person = Person(
        given_name=who.given_name,
        family_name=who.family_name,
        email=who.email,
        phone=who.phone,
        birth_date=who.birth_date.isoformat() if who.birth_date else None,
        email_index=email_index(who.email) if who.email else None,
        phone_index=phone_index(who.phone) if who.phone else None,
        language=manner.language,
        reach_by=manner.reach_by,
        reach_when=manner.reach_when,
        safe_voicemail=manner.safe_voicemail,
        safe_email=manner.safe_email,
        discreet=False,
        created_at=now(),
    )
    session.add(person)
    return person
