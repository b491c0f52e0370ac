"""A practice's lists: by what is needed, no more than may be known, and nobody else's."""

from collections.abc import Sequence

import pytest
from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.loop.states import STATES
from leads.providers.edit import limit_disclosure
from leads.providers.models import Practice
from leads.referrals.worklists import LISTS, Row, count_lists, page_of, search
from tests.cast import ACTOR
from tests.loop.cast import bring_to
from tests.referrals.cast import granting, make_referral, of_patient


def practice_of(session: Session, referral: Referral) -> Practice:
    return session.get_one(Practice, referral.practice_id)


def numbers(rows: Sequence[Row]) -> list[str]:
    return [row.referral.number for row in rows]


@pytest.fixture
def kept(session: Session) -> Referral:
    return make_referral(session)


def test_each_state_stands_in_one_list() -> None:
    assert sorted(state for states in LISTS.values() for state in states) == sorted(STATES)


@pytest.mark.parametrize(
    ("state", "name"), [("needs_information", "owed"), ("booked", "upcoming"), ("missed", "missed"), ("closed", "done")]
)
def test_a_referral_is_where_its_state_puts_it(session: Session, kept: Referral, state: str, name: str) -> None:
    bring_to(session, kept, state)
    practice = practice_of(session, kept)
    rows, more = page_of(session, practice, name, limit=10)
    assert ([(row.seen.state, row.patient) for row in rows], more) == ([(state, "Jordan Doe")], False)
    assert count_lists(session, practice) == dict.fromkeys(LISTS, 0) | {name: 1, "all": 1}


def test_without_the_grant_it_is_received_for_ever(session: Session) -> None:
    silent = bring_to(session, make_referral(session, patient=granting("contact")), "declined")
    practice = practice_of(session, silent)
    assert page_of(session, practice, "declined", limit=10)[0] == []
    (row,) = page_of(session, practice, "under-way", limit=10)[0]
    assert (row.seen.state, row.seen.since) == ("received", silent.received_at)


def test_so_it_is_where_nothing_more_was_agreed_with_the_practice(session: Session, kept: Referral) -> None:
    practice = practice_of(session, bring_to(session, kept, "declined"))
    limit_disclosure(session, practice, "acknowledged", actor=ACTOR)
    session.flush()
    assert count_lists(session, practice)["under-way"] == 1


def test_pages_follow_one_another_the_newest_first(session: Session, kept: Referral) -> None:
    names = ("Mina", "Noor")
    made = [kept, *(make_referral(session, patient=of_patient(given_name=name, email=f"{name}@example.com")) for name in names)]
    practice, (oldest, middle, newest) = practice_of(session, kept), [each.number for each in made]
    first, more = page_of(session, practice, "all", limit=2)
    assert (numbers(first), more) == ([newest, middle], True)
    rest, more = page_of(session, practice, "all", before=first[-1].referral.serial, limit=2)
    assert (numbers(rest), more) == ([oldest], False)


@pytest.mark.parametrize("words", ["jordan", "DOE jor", "  dóe "])
def test_a_patient_is_found_by_name(session: Session, kept: Referral, words: str) -> None:
    assert numbers(search(session, practice_of(session, kept), words, limit=10)) == [kept.number]


def test_a_referral_is_found_by_number(session: Session, kept: Referral) -> None:
    assert numbers(search(session, practice_of(session, kept), kept.number.lower(), limit=10)) == [kept.number]


@pytest.mark.parametrize("words", ["", "jordan smith", "%"])
def test_other_words_find_nothing(session: Session, kept: Referral, words: str) -> None:
    assert search(session, practice_of(session, kept), words, limit=10) == []


def test_another_practice_finds_nothing_of_it(session: Session, kept: Referral) -> None:
    patient = of_patient(given_name="Mina", email="mina@example.com", phone="203-555-0177")
    other = practice_of(session, make_referral(session, practice="Oak Street Psychiatry", patient=patient))
    assert search(session, other, "jordan", limit=10) == search(session, other, kept.number, limit=10) == []
    assert count_lists(session, other)["all"] == 1
    assert kept.number not in numbers(page_of(session, other, "all", limit=10)[0])
