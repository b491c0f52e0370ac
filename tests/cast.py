"""The cast: who writes to the clinic in the tests, and the rows they leave."""

from typing import Any

from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import Spoken, confirm, grant
from leads.inquiries.submission import Submission
from leads.people.match import email_index, phone_index
from leads.people.models import Person
from leads.pipeline.deadlines import expected_by
from leads.pipeline.models import Lead

BY_FORM = Spoken(source="inquiry", method="page", wording="2026-11")
ACTOR = "account:00000000-0000-7000-8000-000000000001"


def submission(**changes: Any) -> Submission:
    """An inquiry as Ana Rivera sends it, but for `changes`."""
    return Submission.model_validate(raw_submission(**changes))


def raw_submission(**changes: Any) -> dict[str, Any]:
    """The same as it comes over the wire."""
    consent = {"contact": True, "education": True, "unencrypted_email": True, "wording": clinic().consent.version}
    asked = {
        "given_name": "Ana",
        "family_name": "Rivera",
        "email": "ana@example.com",
        "phone": "203-555-0123",
        "birth_date": "1985-07-21",
        "office": "woodbury",
        "interest": "unsure",
        "message": "I would like to know more.",
        "consent": consent | changes.pop("consent", {}),
    }
    return asked | changes


def make_person(session: Session, *, grants: tuple[str, ...] = ("contact", "education", "unencrypted_email"), **changes: Any) -> Person:
    """Somebody we know, who granted what a form asks for."""
    values = {"given_name": "Ana", "family_name": "Rivera", "email": "ana@example.com", "phone": "+12035550123", "birth_date": "1985-07-21"}
    values |= {"language": "en", "safe_voicemail": True, "safe_email": True, "discreet": False, "created_at": now()} | changes
    person = Person(**values)
    person.email_index = email_index(person.email) if person.email else None
    person.phone_index = phone_index(person.phone) if person.phone else None
    session.add(person)
    session.flush()
    for kind in grants:
        grant(session, person.id, kind, BY_FORM, actor=f"person:{person.id}")
    return person


def make_confirmed_person(session: Session, **changes: Any) -> Person:
    """Somebody whose address is known to be theirs."""
    person = make_person(session, **changes)
    assert person.email_index
    confirm(session, person.id, person.email_index, method="button", actor=f"person:{person.id}")
    return person


def make_lead(session: Session, person: Person | None = None, **changes: Any) -> Lead:
    """A new lead of somebody, at the Woodbury office."""
    person = person or make_confirmed_person(session)
    values = {"stage": "new", "office": "woodbury", "source": "inquiry", "for_whom": "self", "opened_at": now(), "version": 1} | changes
    lead = Lead(person_id=person.id, expected_by=expected_by(values["office"], now()), **values)
    session.add(lead)
    session.flush()
    return lead
