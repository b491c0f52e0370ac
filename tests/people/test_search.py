"""Somebody is found by the beginning of their names, and by nothing that a reader of the index could tell."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from leads.people.models import Person
from leads.people.names import BUCKETS, EDITION, answers, beginnings_asked, buckets_asked, buckets_of, plain_words
from leads.people.search import by_name, index_names
from tests.cast import make_person


def found(session: Session, typed: str) -> list[str]:
    """The full names of those who answer."""
    session.flush()
    return sorted(" ".join(filter(None, (person.given_name, person.family_name))) for person in by_name(session, typed).people)


@pytest.mark.parametrize("typed", ["riv", "Rivera", "ana riv", "rivera ana", "RIVERA, ANA", "  ana  "])
def test_a_name_is_found_by_beginnings_in_any_order(session: Session, typed: str) -> None:
    make_person(session)
    make_person(session, given_name="Noah", family_name="Okafor")
    assert found(session, typed) == ["Ana Rivera"]


@pytest.mark.parametrize("typed", ["nunez", "Núñez", "obrien", "o'brien", "O’Brien", "maria obr", "nun-obr", "jose"])
def test_accents_hyphens_apostrophes_and_two_family_names_hide_nobody(session: Session, typed: str) -> None:
    make_person(session, given_name="María José", family_name="Núñez-O’Brien García")
    assert found(session, typed) == ["María José Núñez-O’Brien García"]


@pytest.mark.parametrize("kept", ["O'Neil", "O`Neil", "O’Neil", "Oneil", "ONEIL", "Ó Neil Oneil", "De-Oneil", "X/Oneil"])
def test_however_a_name_is_written_it_answers_to_its_plain_beginning(kept: str) -> None:
    assert answers(["one", "ana"], "Ana", kept)
    assert not answers(["neilo"], "Ana", kept)


@pytest.mark.parametrize("typed", ["", "%", "a b", "vera", "ana ana", "12", "rivera okafor", "ana@"])
def test_middles_marks_and_other_people_are_not_found(session: Session, typed: str) -> None:
    make_person(session)
    assert found(session, typed) == []


def test_a_name_of_two_letters_is_found_by_the_whole_of_it(session: Session) -> None:
    make_person(session, given_name="Bo", family_name="Li")
    assert found(session, "li") == found(session, "Bo Li") == ["Bo Li"]


def test_a_changed_name_is_found_at_once_and_the_old_one_no_more(session: Session) -> None:
    person = make_person(session)
    person.family_name = "Castillo"
    assert found(session, "castillo") == ["Ana Castillo"]
    assert found(session, "rivera") == []


def test_a_bucket_that_two_names_share_gives_nobody_away(session: Session) -> None:
    person = make_person(session)
    person.name_buckets = buckets_of("Noah", "Okafor")
    assert found(session, "okafor") == []


def test_the_index_holds_small_numbers_and_no_letters(session: Session) -> None:
    make_person(session)
    session.flush()
    edition, *buckets = session.scalar(select(Person.name_buckets)) or []
    assert edition == EDITION
    assert buckets
    assert all(0 <= bucket < BUCKETS for bucket in buckets)
    assert "ana" not in session.execute(text("SELECT people::text FROM people")).scalar_one().casefold().replace("ana@", "")


def test_too_many_candidates_are_said_to_be_cut(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.people.search.CANDIDATES", 2)
    for _ in range(3):
        make_person(session)
    session.flush()
    assert by_name(session, "rivera").is_cut


def test_those_from_before_there_was_a_search_are_hashed_once(session: Session) -> None:
    make_person(session)
    session.flush()
    session.execute(update(Person).values(name_buckets=None))
    session.expire_all()
    assert index_names(session) == 1
    assert found(session, "rivera") == ["Ana Rivera"]
    assert index_names(session) == 0
    assert session.scalar(select(func.count()).where(Person.name_buckets.is_(None))) == 0


@pytest.mark.parametrize("typed", ["riv", "ana riv", "rivera ana"])
def test_whom_an_older_edition_hashed_is_found_and_hashed_anew(session: Session, typed: str) -> None:
    person = make_person(session)
    person.name_buckets = sorted({bucket for word in ("ana", "rivera", "riv") for bucket in beginnings_asked([word])})
    assert found(session, typed) == ["Ana Rivera"]
    assert index_names(session) == 1
    assert person.name_buckets == buckets_of("Ana", "Rivera")
    assert found(session, typed) == ["Ana Rivera"]


def test_two_beginnings_are_asked_for_as_one() -> None:
    assert len(buckets_asked(["ana", "riv"])) == 1
    assert buckets_asked(["ana", "riv"]) == buckets_asked(["riv", "ana"])
    assert not {*buckets_asked(["ana", "riv"])} & {*buckets_asked(["ana"]), *buckets_asked(["riv"])}
    assert len(buckets_asked(["ana", "rivera"])) == 2


def test_the_pair_narrows_to_those_who_have_both(session: Session) -> None:
    for given_name, family_name in (("Ana", "Rivera"), ("Ana", "Okafor"), ("Noah", "Rivera"), ("Riva", "Anand")):
        make_person(session, given_name=given_name, family_name=family_name)
    session.flush()
    by_pair = select(func.count()).where(Person.name_buckets.contains(buckets_asked(["ana", "riv"])))
    assert session.scalar(by_pair) == 2
    assert found(session, "ana riv") == ["Ana Rivera", "Riva Anand"]


WORDS = st.text("aeno-é ", min_size=3, max_size=30)


@given(names=st.tuples(WORDS, WORDS), asked=st.data())
@settings(max_examples=200, deadline=None)
def test_whoever_answers_lies_in_every_bucket_that_is_asked(names: tuple[str, str], asked: st.DataObject) -> None:
    there = [word for name in names for word in plain_words(name) if len(word) >= 3]
    begun = asked.draw(st.permutations(there)) if there else []
    words = [word[: asked.draw(st.integers(3, len(word)))] for word in begun[:4]]
    assert answers(words, *names)
    assert {*buckets_asked(words), *beginnings_asked(words)} <= {*buckets_of(*names)}


def test_words_answer_each_for_itself() -> None:
    assert answers(["an", "ana"], "Ana", "Anders")
    assert not answers(["ana", "ana"], "Ana", "Rivera")
    assert plain_words("  Núñez–O’Brien, M.D. ") == ["nunez", "obrien", "m", "d"]
