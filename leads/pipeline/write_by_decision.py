"""A plain mail that a person decided to send to somebody: only where it may go, for whoever decides must know at once where it may not."""

import uuid

from sqlalchemy.orm import Session

from leads.consent.may_email import Kind, may_email
from leads.errors import FieldError, Invalid
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.sequences.in_words import in_words


def write_by_decision(
    session: Session, person_id: uuid.UUID, template: str, *, cause: str, lead_id: uuid.UUID, office: str, actor: str
) -> Message:
    """Return the mail, due at once; raises Invalid, with the guard's code, where none may go to this person."""
    person, meta = session.get_one(Person, person_id), catalogue()[template].meta
    against = may_email(session, person.id, person.email_index, Kind(meta.topic, meta.lane, meta.level))
    if against is not None:
        told = f"No mail may go to the patient: {in_words(against)} Phone them, or decide to send none, and say why."
        raise Invalid(told, errors=(FieldError("to_patient", against, told),))
    return post(session, person.id, template, cause=cause, lead_id=lead_id, facts={"office": office}, actor=actor)
