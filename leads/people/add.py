"""A person we did not know is kept, as a submission names them."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from leads.clock import now
from leads.people.match import Identity, email_index, phone_index
from leads.people.models import Person


@dataclass(frozen=True)
class Manner:
    """How somebody wants to be reached: language, by what and when, and whether their voicemail and mailbox are their own."""

    language: str = "en"
    reach_by: str = "any"
    reach_when: str = "any"
    safe_voicemail: bool = False
    safe_email: bool = True


def add_person(session: Session, who: Identity, manner: Manner) -> Person:
    """Return a new person."""
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
