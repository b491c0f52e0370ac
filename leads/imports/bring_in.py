"""Brings lines in: each becomes a person and a lead of its own, nobody is joined in silence, and consent is what has date and source."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.consent.ledger import Spoken, grant
from leads.db import LOCKS, lock_name
from leads.imports.candidate import Candidate, complaints
from leads.imports.check import known_to_us, read_line
from leads.imports.models import Import, ImportLine
from leads.people.add import Manner, add
from leads.people.match import Identity, agreement, suggest_merge, surviving
from leads.people.models import Person
from leads.pipeline.begin import begin_lead
from leads.pipeline.deadlines import closing_time
from leads.pipeline.models import Lead, Note
from leads.safety.phrases import found
from leads.todos.open import new_todo

SOURCE = "import"
NOON = time(12, 0)


def bring_in(session: Session, held: Import, lines: Sequence[ImportLine]) -> None:
    """Make a person and a lead of every line that is ready, and remove what the line said: it lies with the person now."""
    ready = [line for line in lines if line.state == "ready"]
    keys = {key for line in ready for key in (line.email_index, line.phone_index) if key}
    # An inquiry of one of them may arrive at this very moment: whoever comes second must see the first.
    session.execute(LOCKS, {"names": sorted(lock_name("identity", key) for key in keys)})
    known = known_to_us(session, ready)
    here = defaultdict[bytes, set[UUID]](set)
    for line in ready:
        suspects = known[line.id] | here[line.email_index or b""] | here[line.phone_index or b""]
        person = _bring_in_one(session, held, line, suspects)
        for key in (line.email_index, line.phone_index):
            if key and person:
                here[key].add(person.id)


def _bring_in_one(session: Session, held: Import, line: ImportLine, suspects: set[UUID]) -> Person | None:
    if suspects and held.leave_out_known:
        line.state, line.why, line.suspects = "left-out", "known", len(suspects)
        return None
    try:
        # Read anew: since the dry run somebody may have turned eighteen, or an office may have closed.
        who = read_line(held, line)
    except ValidationError as error:
        line.state, line.errors = "wrong", complaints(error)
        return None
    actor = held.set_off_by
    identity = Identity(who.given_name, who.family_name, who.email, who.phone, who.birth_date)
    person = add(session, identity, Manner(language=who.language))
    _suggest(session, person, identity, suspects)
    lead = _begin(session, held, person, who, actor)
    _grant(session, person, who, actor)
    _note(session, lead, who, actor)
    line.state, line.person_id, line.lead_id, line.suspects, line.cells = "made", person.id, lead.id, len(suspects), None
    return person


def _suggest(session: Session, person: Person, identity: Identity, suspects: set[UUID]) -> None:
    if suspects:
        session.flush()
    for candidate in (session.get_one(Person, each) for each in sorted(suspects)):
        agreeing = [name for name, agrees in agreement(candidate, identity).items() if agrees]
        suggest_merge(session, person.id, surviving(session, candidate).id, why="+".join(agreeing))


def _begin(session: Session, held: Import, person: Person, who: Candidate, actor: str) -> Lead:
    lead = begin_lead(session, person, office=who.office, source=SOURCE, actor=actor)
    if who.asked_on:
        lead.opened_at = min(now(), local_to_utc(who.asked_on, NOON, clinic().office(who.office).zone))
    lead.expected_by = held.call_by or lead.expected_by
    # Whoever brought the list in chose the day; a mail to every supervisor for each line of it would bury what is new.
    lead.promise_told_at = now()
    new_todo(session, "call", person_id=person.id, lead_id=lead.id, due_at=lead.expected_by, actor=actor)
    return lead


def _grant(session: Session, person: Person, who: Candidate, actor: str) -> None:
    if who.grants and who.consent_date:
        how = Spoken(source=SOURCE, method="spreadsheet", evidence=f"{who.consent_source}, {who.consent_date.isoformat()}")
        for kind in who.grants:
            grant(session, person.id, kind, how, actor=actor)


def _note(session: Session, lead: Lead, who: Candidate, actor: str) -> None:
    if who.note:
        session.add(Note(lead_id=lead.id, text=who.note, kind="note", actor=actor, at=lead.opened_at))
    if found((who.note,)):
        due: datetime = closing_time(lead.office)
        new_todo(session, "risk-note", person_id=lead.person_id, lead_id=lead.id, due_at=due, role="clinician", actor=actor)
