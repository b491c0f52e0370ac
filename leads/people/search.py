"""Finding people by their names, though only their cells hold them: buckets give the candidates, and those are read and compared."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.people.models import NOT_HASHED, Person
from leads.people.names import answers, beginnings_asked, buckets_asked, buckets_of, plain_words

# So many are looked at for one search, and no more names are opened once so many answer: whoever has a commoner name must be asked for
# more of it.
AT_FIRST, CANDIDATES, ENOUGH = 40, 400, 30
BATCH = 500


class Named(NamedTuple):
    """Somebody who answers to the words."""

    id: uuid.UUID
    given_name: str | None
    family_name: str | None


@dataclass(frozen=True)
class Found:
    """Who answers to the words; `is_cut` when there may be more who were not looked at."""

    people: Sequence[Named]
    is_cut: bool = False


def by_name(session: Session, typed: str) -> Found:
    """Return those whose names have words that begin as typed, in any order, without regard to case, accents, hyphens and apostrophes."""
    words = plain_words(typed)
    if not words or any(not word.isalpha() for word in words):
        return Found(())
    # Most who lie in a bucket answer: only where another name shares it must more be looked at.
    found = _look(session, words, min(AT_FIRST, CANDIDATES))
    return _look(session, words, CANDIDATES) if found.is_cut and len(found.people) < ENOUGH else found


def _look(session: Session, words: Sequence[str], most: int) -> Found:
    cells = Person.__table__.c
    lies, lay = (Person.name_buckets.contains(buckets(words)) for buckets in (buckets_asked, beginnings_asked))
    wanted = select(Person.id, cells.given_name, cells.family_name).where(lies | NOT_HASHED & lay)
    candidates = session.execute(wanted.limit(most + 1)).all()
    opened = (Named(id, Person.given_name.opened(given, id), Person.family_name.opened(family, id)) for id, given, family in candidates)
    answering = (each for each in islice(opened, most) if answers(words, each.given_name, each.family_name))
    fitting = list(islice(answering, ENOUGH + 1))
    return Found(fitting[:ENOUGH], is_cut=len(candidates) > most or len(fitting) > ENOUGH)


def index_names(session: Session) -> int:
    """Hash the names of some people whose names never were, or as another edition does; returns how many."""
    waiting = select(Person).where(NOT_HASHED).limit(BATCH).with_for_update(skip_locked=True)
    people = session.scalars(waiting).all()
    for person in people:
        person.name_buckets = buckets_of(person.given_name, person.family_name)
    return len(people)
