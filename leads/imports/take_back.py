"""Takes back what an import made: removed, closed where a consent is on record, left where somebody has worked on it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, delete, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leads.audit.trail import record, record_about
from leads.clock import now
from leads.consent.ledger import Spoken, granted, withdraw
from leads.consent.models import ConsentEntry
from leads.db import Base
from leads.imports.models import Import, ImportLine
from leads.messages.models import Message
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.find import locked
from leads.pipeline.models import Lead, Note, StageChange
from leads.todos.models import Todo
from leads.todos.open import finish_all

TAKEN_BACK = "import-undone"
MADE_BY_US = frozenset({"people", "leads", "notes", "stage_changes", "todos", "merge_suggestions", "consents"})


def take_back(session: Session, held: Import, lines: Sequence[ImportLine], *, actor: str) -> None:
    """Take back what these lines made, each for itself; a line that stays says why."""
    for line in lines:
        if line.state == "made" and line.person_id and line.lead_id:
            line.state, line.why = _take_back_one(session, line.person_id, line.lead_id, actor=actor)


def _take_back_one(session: Session, person_id: UUID, lead_id: UUID, *, actor: str) -> tuple[str, str | None]:
    if session.get(Lead, lead_id) is None:
        return "kept", "merged"
    lead = locked(session, lead_id)
    if why := _worked_on(session, lead, person_id):
        return "kept", why
    if session.scalar(_hangs_on(person_id, lead_id)):
        return "kept", "in-use"
    if session.scalar(select(exists().where(ConsentEntry.person_id == person_id))):
        # What was granted stays on record for ever; who granted it need not.
        _close(session, lead, actor=actor)
        return "closed", "consent-on-record"
    try:
        with session.begin_nested():
            _remove(session, lead, actor=actor)
    except IntegrityError:
        # Something began to hang on them at this very moment.
        return "kept", "in-use"
    return "undone", None


def _hangs_on(person_id: UUID, lead_id: UUID) -> Select[bool]:
    """Return the question whether anything but what an import makes names the person or the lead: a visit, an inquiry, a hold, a merge."""
    ids = {"people.id": person_id, "leads.id": lead_id}
    named = [exists().where(column == ids[target]).select_from(column.table) for column, target in _references()]
    return select(or_(*named))


@lru_cache
def _references() -> Sequence[tuple[Column[Any], str]]:
    found = ((column, key.target_fullname) for table in Base.metadata.sorted_tables for column in table.c for key in column.foreign_keys)
    others = (each for each in found if each[1] in ("people.id", "leads.id") and each[0].table.name not in MADE_BY_US)
    # A mail about somebody names their lead as well, and has an index for that only.
    return tuple(each for each in others if each[0].name != "about_id")


def _worked_on(session: Session, lead: Lead, person_id: UUID) -> str | None:
    """Return what somebody did with a lead since it was brought in, or None."""
    if lead.person_id != person_id:
        return "merged"
    if lead.version > 1 or lead.reached_at or lead.assigned_to:
        return "worked-on"
    others = select(func.count()).where(Lead.person_id == person_id, Lead.id != lead.id)
    began = select(func.min(StageChange.at)).where(StageChange.lead_id == lead.id).scalar_subquery()
    notes = select(func.count()).where(Note.lead_id == lead.id, Note.at > began)
    done = select(func.count()).where(Todo.person_id == person_id, or_(Todo.done_at.is_not(None), Todo.kind.not_in(("call", "risk-note"))))
    mails = select(func.count()).where(Message.person_id == person_id)
    merges = select(func.count()).where(_theirs(person_id), MergeSuggestion.decided_at.is_not(None))
    counted = session.execute(select(*(each.scalar_subquery() for each in (others, notes, done, mails, merges)))).one()
    reasons = ("wrote-again", "worked-on", "worked-on", "mailed", "merged")
    return next((why for count, why in zip(counted, reasons, strict=True) if count), None)


def _remove(session: Session, lead: Lead, *, actor: str) -> None:
    person_id = lead.person_id
    for model, which in (
        (Todo, Todo.lead_id == lead.id),
        (Note, Note.lead_id == lead.id),
        (StageChange, StageChange.lead_id == lead.id),
        (MergeSuggestion, _theirs(person_id)),
        (Lead, Lead.id == lead.id),
        (Person, Person.id == person_id),
    ):
        session.execute(delete(model).where(which))
    record_about(session, "import.removed", "leads", lead.id, actor=actor, person=str(person_id))


def _close(session: Session, lead: Lead, *, actor: str) -> None:
    how = Spoken(source="import", method="undone")
    for kind in sorted(granted(session, lead.person_id)):
        withdraw(session, lead.person_id, kind, how, actor=actor)
    for kind in ("call", "risk-note"):
        finish_all(session, kind, lead_id=lead.id, actor=actor, outcome=TAKEN_BACK)
    session.execute(delete(Note).where(Note.lead_id == lead.id))
    session.execute(delete(MergeSuggestion).where(_theirs(lead.person_id)))
    at, before = now(), lead.stage
    lead.stage, lead.closed_at, lead.outcome, lead.version = "closed", at, TAKEN_BACK, lead.version + 1
    lead.first_closed_at, lead.first_outcome = at, TAKEN_BACK
    session.add(StageChange(lead_id=lead.id, from_stage=before, to_stage="closed", outcome=TAKEN_BACK, actor=actor, at=at))
    person = session.get_one(Person, lead.person_id)
    person.given_name, person.family_name, person.email, person.phone, person.birth_date = "Removed", None, None, None, None
    person.email_index, person.phone_index = None, None
    record(session, "import.closed", lead, actor=actor)


def _theirs(person_id: UUID) -> ColumnElement[bool]:
    return or_(MergeSuggestion.person_id == person_id, MergeSuggestion.other_id == person_id)
