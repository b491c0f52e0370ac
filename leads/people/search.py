"""Finding people by their names, though only their cells hold them: buckets give the candidates, and those are read and compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.people.models import Person
from leads.people.names import answers, buckets_asked, buckets_of, plain_words

# So many cells are opened for one search; whoever has a commoner name must be asked for more of it.
CANDIDATES = 400
BATCH = 500


@dataclass(frozen=True)
class Found:
    """Who answers to the words; `is_cut` when there may be more who were not looked at."""

    people: Sequence[Person]
    is_cut: bool = False


def by_name(session: Session, typed: str) -> Found:
    """Return those whose names have words that begin as typed, in any order, without regard to case, accents, hyphens and apostrophes."""
    words = plain_words(typed)
    if not words or any(not word.isalpha() for word in words):
        return Found(())
    wanted = select(Person).where(Person.name_buckets.contains(buckets_asked(words))).limit(CANDIDATES + 1)
    candidates = session.scalars(wanted).all()
    fitting = [person for person in candidates[:CANDIDATES] if answers(words, person.given_name, person.family_name)]
    return Found(fitting, is_cut=len(candidates) > CANDIDATES)


def index_names(session: Session) -> int:
    """Hash the names of some people whose names never were, such as those from before there was a search; returns how many."""
    waiting = select(Person).where(Person.name_buckets.is_(None)).limit(BATCH).with_for_update(skip_locked=True)
    people = session.scalars(waiting).all()
    for person in people:
        person.name_buckets = buckets_of(person.given_name, person.family_name)
    return len(people)
