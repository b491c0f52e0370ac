"""An address turns out to be the person's own: from now on the sequence may write to it."""

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM
from leads.clock import now
from leads.consent.ledger import confirm
from leads.errors import Invalid
from leads.people.models import Person
from leads.pipeline.facts import facts_about
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.sequences.enroll import start_for
from leads.sequences.models import Enrolment


def confirm_address(
    session: Session, lead_id: uuid.UUID, *, method: str, actor: str, evidence: str | None = None, mailed_to: bytes | None = None
) -> Lead:
    """Record how the address was confirmed (`button`, `reply`, or `spoken` with evidence) and start what waited; again changes nothing.

    `mailed_to` is the blind index of the address a link went to: it proves that one only. Raises Invalid where the person has another now.
    """
    lead = locked(session, lead_id)
    person = session.get_one(Person, lead.person_id)
    if person.email_index is None:
        raise Invalid("There is no e-mail address to confirm. Add one, or phone instead.")
    if mailed_to is not None and mailed_to != person.email_index:
        raise Invalid("This link went to an address that is not in use any more. Please call the office.")
    if method == "spoken" and not (evidence or "").strip():
        raise Invalid("Say who confirmed the address, and when you spoke.")
    if confirm(session, person.id, person.email_index, method=method, actor=actor, evidence=evidence):
        start(session, lead, actor=actor)
    return lead


def start(session: Session, lead: Lead, *, grants: Collection[str] | None = None, actor: str = SYSTEM) -> list[Enrolment]:
    """Start what begins with a confirmed address; nothing for a closed lead, or for somebody who wrote for another.

    `grants` are what the person agrees to, where that was read already.
    """
    # The sequence says "you" to the patient; who wrote for somebody else is called instead.
    if lead.closed_at is not None or lead.for_whom != "self":
        return []
    facts = facts_about(session, lead, grants)
    return start_for(session, "confirmation", person_id=lead.person_id, lead_id=lead.id, facts=facts, anchor=now(), actor=actor)
