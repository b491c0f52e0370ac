"""Restricting a person's record to those who give a reason, such as a colleague's, and lifting that again."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.models import Restriction
from leads.accounts.rights import require
from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid
from leads.people.models import Person

SHORTEST, LONGEST = 10, 500


def restrict(session: Session, person_id: uuid.UUID, *, reason: str, actor: str, roles: Collection[str]) -> Restriction:
    """Close a record to all who give no reason; raises Forbidden, Invalid without a reason, Conflict when it is closed already."""
    require(roles, "people.restrict")
    said = checked_reason(reason)
    person = _held(session, person_id)
    if person.restricted_at is not None:
        raise Conflict("This record is restricted already.")
    made = Restriction(person_id=person.id, set_by=actor, set_at=now())
    made.reason, person.restricted_at = said, made.set_at
    session.add(made)
    record(session, "person.restricted", person, actor=actor)
    return made


def lift(session: Session, person_id: uuid.UUID, *, actor: str, roles: Collection[str]) -> None:
    """Open a record to everybody again who works here; raises Forbidden, or Conflict when it is not restricted."""
    require(roles, "people.restrict")
    person, standing = _held(session, person_id), restriction_of(session, person_id)
    if person.restricted_at is None:
        raise Conflict("This record is not restricted.")
    # What a merge brought along stands with the record it came from, which may be taken apart again.
    if standing is not None:
        standing.lifted_by, standing.lifted_at = actor, now()
    person.restricted_at = None
    record(session, "person.unrestricted", person, actor=actor)


def restriction_of(session: Session, person_id: uuid.UUID) -> Restriction | None:
    """Return the restriction that stands for a person."""
    return session.scalar(select(Restriction).where(Restriction.person_id == person_id, Restriction.lifted_at.is_(None)))


def checked_reason(reason: str) -> str:
    """Return a written reason; raises Invalid for none, or for one nobody could judge by."""
    said = " ".join(reason.split())
    if not SHORTEST <= len(said) <= LONGEST:
        told = f"Write why, in {SHORTEST} to {LONGEST} characters: a supervisor reads it."
        raise Invalid(told, errors=(FieldError("reason", "length", told),))
    return said


def _held(session: Session, person_id: uuid.UUID) -> Person:
    return session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
