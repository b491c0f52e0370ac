"""Reading a person's record from the console: on record each time, and for a written reason where it is restricted."""

from sqlalchemy.orm import Session

from leads.access.break_glass import is_open_to
from leads.audit.trail import record
from leads.errors import Forbidden, LeadsError
from leads.http.console.staff import Staff
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead


class Restricted(Forbidden):
    """This record opens for a reason only; carries the lead's number, and what was wrong with a reason that was given."""

    def __init__(self, number: str, refusal: LeadsError | None = None) -> None:
        super().__init__(f"The record behind {number} is restricted. Write why you need it, and it opens for an hour.", code="restricted")
        self.number, self.refusal = number, refusal


def read_person(session: Session, staff: Staff, lead: Lead) -> Person:
    """Return the person behind a lead and put the reading on record; raises Restricted."""
    person = check_open(session, staff, lead)
    record(session, "person.read", person, actor=staff.actor, lead=lead.number)
    return person


def open_lead(session: Session, staff: Staff, number: str) -> Lead:
    """Return the lead of a number to somebody who acts on it, or reads what hangs on it; raises NotFound or Restricted."""
    lead = by_number(session, number)
    check_open(session, staff, lead)
    return lead


def check_open(session: Session, staff: Staff, lead: Lead) -> Person:
    """Return the person behind a lead that somebody acts on; raises Restricted."""
    person = session.get_one(Person, lead.person_id)
    if not is_open_to(session, lead, person, staff.id):
        raise Restricted(lead.number)
    return person
