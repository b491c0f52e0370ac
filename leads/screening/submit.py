"""A screening is sent: it is scored and sorted, its reminders stop, and a clinician is asked to look, in one transaction."""

import uuid
from collections.abc import Collection
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.consent.ledger import open_holds
from leads.errors import Conflict, Forbidden, NotFound
from leads.messages.outbox import post
from leads.people.models import Person
from leads.pipeline.deadlines import next_business_day
from leads.pipeline.find import locked
from leads.pipeline.stages import move
from leads.safety.oncall import is_staffed
from leads.screening.assess import assess
from leads.screening.begin import held, take_hold
from leads.screening.models import Screening
from leads.screening.questionnaire import definition
from leads.screening.save import answers_of
from leads.sequences.hand_over import finish_all
from leads.sequences.stop import stop_for
from leads.todos.open import open_todo

REVIEW = "review-screening"
USEFUL_FOR = timedelta(days=2)


def submit(session: Session, screening_id: uuid.UUID, *, actor: str) -> Screening:
    """Send a screening and return it; sent once more, it stays as it was. Raises NotFound, or Conflict where its time is over."""
    screening = _once(session, screening_id)
    if screening.submitted_at is not None:
        return screening
    answers = answers_of(session, screening_id)
    # Asked to the end, or answered while somebody was on call: either way an unanswered safety question is looked at.
    asked = is_staffed(session) or any(question.is_safety and question.key in answers for question in definition().all_questions())
    found = assess(definition(), answers, staffed=asked)
    screening.submitted_at, screening.submitted_by, screening.staffed = now(), actor, asked
    if not actor.startswith("person:"):
        # Begun on a phone's small screen and finished by voice, it came by phone: a colleague wrote down what was said.
        screening.channel = "phone"
    screening.finding, screening.definition = found.finding, definition().version
    screening.result = asdict(found)
    screening.version += 1
    record(session, "screening.submitted", screening, actor=actor, finding=found.finding)
    _carry_on(session, screening, actor=actor)
    return screening


def mark_reviewed(session: Session, screening_id: uuid.UUID, *, actor: str, roles: Collection[str]) -> Screening:
    """Say that a clinician has looked at a screening; raises Forbidden for anybody else, Conflict where it was not sent or is done."""
    if "clinician" not in roles:
        raise Forbidden("A clinician looks at what was answered.")
    screening = session.get(Screening, screening_id, with_for_update=True, populate_existing=True)
    if screening is None:
        raise NotFound("There is no such screening.")
    if screening.submitted_at is None or screening.reviewed_at is not None:
        raise Conflict("There is nothing to look at: it was not sent yet, or somebody has looked already.")
    screening.reviewed_at, screening.reviewed_by = now(), actor
    screening.version += 1
    record(session, "screening.reviewed", screening, actor=actor)
    finish_all(session, REVIEW, lead_id=screening.lead_id, actor=actor, outcome="reviewed")
    return screening


def _once(session: Session, screening_id: uuid.UUID) -> Screening:
    known = session.get(Screening, screening_id)
    if known is not None and known.submitted_at is None:
        known = take_hold(session, known)
    return known if known is not None and known.submitted_at is not None else held(session, screening_id)


def _carry_on(session: Session, screening: Screening, *, actor: str) -> None:
    lead = locked(session, screening.lead_id)
    if lead.stage in ("new", "contacted"):
        # Whoever sends the form is in screening, whatever we had noted; from there on a person moves the lead.
        move(session, lead.id, "screening", version=lead.version, actor=actor, roles=("coordinator",))
    # After the move, which begins the reminders: in this same transaction they end before any is sent.
    stop_for(session, "screening:submitted", lead_id=lead.id, actor=actor)
    due = next_business_day(lead.office)
    open_todo(session, REVIEW, person_id=screening.person_id, lead_id=lead.id, due_at=due, role="clinician", actor=actor)
    _thank(session, screening, lead.office)


def _thank(session: Session, screening: Screening, office: str) -> None:
    person = session.get_one(Person, screening.person_id)
    if screening.channel == "phone" or person.email_index is None:
        return
    is_held = bool(open_holds(session, person.id))
    decided: dict[str, Any] = {"state": "skipped", "reason": "held"} if is_held else {}
    about: dict[str, Any] = {"lead_id": screening.lead_id, "facts": {"office": office}, "useful_until": now() + USEFUL_FOR}
    post(session, person.id, "screening-thanks", cause="screening", **about, **decided)
