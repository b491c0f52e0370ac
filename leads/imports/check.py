"""The dry run of some lines: what is wrong with each, whom it may be, and what would not go on record. Nobody is made."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.imports.candidate import Candidate, candidate, complaints
from leads.imports.models import Import, ImportLine
from leads.people.match import email_index, phone_index
from leads.people.models import Person
from leads.safety.phrases import found

NO_GRANT = "It says yes to a consent, but not when or how that was given: no consent goes on record."
NO_MAIL = "There is no consent to contact on record: nobody is mailed by itself, a colleague calls."
RISK = "The note speaks of danger: a clinician reads it today."


def check(session: Session, held: Import, lines: Sequence[ImportLine]) -> None:
    """Write down for each line whether it is good, and what a person should know before it is brought in."""
    for line in lines:
        _judge(held, line)
    session.flush()
    good = [line for line in lines if line.state == "ready"]
    known, earlier = known_to_us(session, good), _earlier(session, held, good)
    for line in good:
        line.suspects = len(known[line.id])
        _beside(line, earlier[line.id])
        if line.suspects and held.leave_out_known and line.state == "ready":
            line.state, line.why = "left-out", "known"


def read_line(held: Import, line: ImportLine) -> Candidate:
    """Return the person a line names; raises ValidationError."""
    return candidate(line.cells or [], held.mapping, office=held.office)


def known_to_us(session: Session, lines: Iterable[ImportLine]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return by line the people we know by its address or its phone."""
    lines = list(lines)
    emails, phones = ([each for line in lines if (each := getattr(line, name))] for name in ("email_index", "phone_index"))
    same = select(Person.id, Person.email_index, Person.phone_index)
    by_key = defaultdict[bytes, set[uuid.UUID]](set)
    for person_id, email, phone in session.execute(same.where(or_(Person.email_index.in_(emails), Person.phone_index.in_(phones)))):
        for key in (email, phone):
            if key:
                by_key[key].add(person_id)
    return {line.id: by_key[line.email_index or b""] | by_key[line.phone_index or b""] for line in lines}


def _judge(held: Import, line: ImportLine) -> None:
    try:
        who = read_line(held, line)
    except ValidationError as error:
        line.state, line.errors = "wrong", complaints(error)
        return
    line.state = "ready"
    line.email_index = email_index(who.email) if who.email else None
    line.phone_index = phone_index(who.phone) if who.phone else None
    line.notices = [{"code": code, "message": words} for code, words in _notices(who)]


def _notices(who: Candidate) -> Iterable[tuple[str, str]]:
    if who.said_yes_to and not who.grants:
        yield "no_grant", NO_GRANT
    elif "contact" not in who.grants:
        yield "no_mail", NO_MAIL
    if found((who.note,)):
        yield "risk", RISK


def _earlier(session: Session, held: Import, lines: Sequence[ImportLine]) -> dict[uuid.UUID, list[ImportLine]]:
    """Return by line the earlier lines of the file with the same address or phone, the first one first."""
    emails, phones = ([each for line in lines if (each := getattr(line, name))] for name in ("email_index", "phone_index"))
    same = or_(ImportLine.email_index.in_(emails), ImportLine.phone_index.in_(phones))
    others = session.scalars(select(ImportLine).where(ImportLine.import_id == held.id, same).order_by(ImportLine.line)).all()
    by_key = defaultdict[bytes, list[ImportLine]](list)
    for other in others:
        for key in (other.email_index, other.phone_index):
            if key:
                by_key[key].append(other)
    return {
        line.id: [each for key in (line.email_index, line.phone_index) if key for each in by_key[key] if each.line < line.line]
        for line in lines
    }


def _beside(line: ImportLine, earlier: Sequence[ImportLine]) -> None:
    if earlier:
        line.twin = min(each.line for each in earlier)
        # Only what is the same to the last letter is left out; whoever shares a phone with somebody is somebody else.
        if any(each.cells == line.cells for each in earlier):
            line.state, line.why = "left-out", "same-line"
