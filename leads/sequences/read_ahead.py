"""What the mails of a simulated calendar say: to somebody made up, or to a lead with its own facts and the visit of that moment."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.messages.facts import OF_PERSON, root_of_links, spoken
from leads.messages.render import Rendered, render
from leads.messages.sample import sample, sample_facts
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.sequences.enroll import mail_facts
from leads.sequences.plan import PlannedStep
from leads.sequences.simulate import running

LINKS = ("unsubscribe_url", "preferences_url", *OF_PERSON)


def read_made_up(steps: Iterable[PlannedStep], *, office: str | None, language: str) -> list[Rendered | None]:
    """Return what each step says to somebody made up, None for a to-do; a visit is the one that the step goes by."""
    known = office if office in {each.code for each in clinic().offices} else None
    return [_made_up(step, step.template, known, language) if step.template else None for step in steps]


def read_for_lead(session: Session, lead_id: uuid.UUID, key: str, steps: Iterable[PlannedStep]) -> list[Rendered | None]:
    """Return what each step says to a lead that runs in the sequence, None for a to-do; its links are left out. Raises NotFound, CellError.

    What only the moment of sending brings, and a mail cannot be without, is made up.
    """
    enrolment = running(session, lead_id, key)
    person = session.get_one(Person, enrolment.person_id)
    own = mail_facts(enrolment) | {"given_name": person.given_name, "discreet": person.discreet}
    return [_read(step.template, person.language, own | _visit(step)) if step.template else None for step in steps]


def _made_up(step: PlannedStep, template: str, office: str | None, language: str) -> Rendered:
    said = spoken({"office": office} | _visit(step), language)
    return sample(template, language, office=said.pop("office"), **said)


def _read(template: str, language: str, own: dict[str, Any]) -> Rendered:
    # Whoever holds such a link acts as the recipient: to unsubscribe somebody is not a colleague's by way of reading.
    hidden = {name: f"{root_of_links(discreet=own['discreet'])}/…" for name in LINKS if name in catalogue()[template].declared}
    known = spoken(own, language) | hidden
    lacking = catalogue()[template].required - known.keys()
    made_up = sample_facts(template, language, office=own.get("office"))
    return render(template, language, {name: value for name, value in made_up.items() if name in lacking} | known)


def _visit(step: PlannedStep) -> dict[str, Any]:
    return {"visit_at": step.visit_at.isoformat()} if step.visit_at else {}
