"""Two identifiers and the name must agree; otherwise a merge is suggested, and nothing is dropped."""

from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.people.match import CANDIDATES, Identity, find, indexes_of, suggest_merge
from leads.people.models import MergeSuggestion, Person
from leads.security.identifiers import normal_phone
from tests.cast import make_person

ANA = Identity("Ana", "Rivera", "ana@example.com", "+12035550123", date(1985, 7, 21))


def look_for(session: Session, who: Identity) -> tuple[Person | None, Sequence[tuple[Person, str]]]:
    session.flush()
    return find(session, who, session.scalars(CANDIDATES, indexes_of(who)).all())


def test_two_identifiers_and_the_name_make_a_known_person(session: Session) -> None:
    ana = make_person(session)
    known, suspects = look_for(session, ANA)
    assert known is ana
    assert not suspects


def test_case_accents_and_spacing_do_not_part_a_name(session: Session) -> None:
    ana = make_person(session, given_name="Ána", family_name="RIVERA ")
    assert look_for(session, ANA)[0] is ana


@pytest.mark.parametrize(
    "who",
    [
        Identity("Luis", "Rivera", "ana@example.com", "+12035550123"),
        Identity("Ana", "Rivera", "ana@example.com", "+12035550199"),
        Identity("Ana", "Rivera", None, "+12035550123"),
    ],
    ids=["a couple that shares both", "one identifier agrees, one differs", "the phone alone"],
)
def test_less_than_that_is_only_suspected(session: Session, who: Identity) -> None:
    ana = make_person(session)
    known, suspects = look_for(session, who)
    assert known is None
    assert [suspect.id for suspect, _ in suspects] == [ana.id]


def test_a_birth_date_alone_finds_nobody(session: Session) -> None:
    make_person(session)
    assert look_for(session, Identity("Ana", "Rivera", birth_date=date(1985, 7, 21))) == (None, [])


def test_phone_and_birth_date_with_the_name_are_two(session: Session) -> None:
    ana = make_person(session)
    assert look_for(session, Identity("Ana", "Rivera", "new@example.com", "+12035550123", date(1985, 7, 21)))[0] is ana


def test_a_pair_is_suggested_once(session: Session) -> None:
    ana, luis = make_person(session), make_person(session, given_name="Luis")
    suggest_merge(session, ana.id, luis.id, why="phone")
    suggest_merge(session, luis.id, ana.id, why="phone")
    assert session.scalar(select(func.count()).select_from(MergeSuggestion)) == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("203-555-0123", "+12035550123"), ("(203) 555 0123", "+12035550123"), ("+1 203 555 0123", "+12035550123"), ("call me", None)],
)
def test_a_phone_number_is_kept_in_one_form(typed: str, kept: str | None) -> None:
    assert normal_phone(typed) == kept
