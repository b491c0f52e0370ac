"""Links that carry a right: one purpose, one holder, an end where there is one, and nothing kept to steal."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import real_now
from leads.errors import NotFound
from leads.people.models import Person
from leads.security.tokens import CONFIRM_FOR, Grant, Token, derive, issue, read
from tests.cast import make_person

SEED = uuid.UUID("00000000-0000-7000-8000-00000000000a")


@pytest.fixture
def person(session: Session) -> Person:
    return make_person(session)


def stop(session: Session, person: Person, seed: uuid.UUID = SEED) -> str:
    return issue(session, seed, Grant("unsubscribe", person.id, topic="education"))


def test_a_link_says_whose_it_is_and_what_it_may(session: Session, person: Person) -> None:
    found = read(session, "unsubscribe", stop(session, person))
    assert (found.person_id, found.topic, found.expires_at) == (person.id, "education", None)


def test_the_same_mail_rendered_twice_carries_the_same_link(session: Session, person: Person) -> None:
    assert stop(session, person) == stop(session, person)
    assert session.scalar(select(func.count()).select_from(Token)) == 1


def test_a_link_is_256_bits_and_only_its_hash_is_kept(session: Session, person: Person) -> None:
    text = stop(session, person)
    assert len(text) == 43
    assert text.encode() not in session.scalars(select(Token)).one().hash


def test_each_mail_and_each_purpose_has_a_link_of_its_own() -> None:
    links = {derive("unsubscribe", SEED), derive("confirm", SEED), derive("unsubscribe", uuid.UUID(int=7))}
    assert len(links) == 3


def test_a_link_opens_no_other_door(session: Session, person: Person) -> None:
    with pytest.raises(NotFound, match="not valid any more"):
        read(session, "preferences", stop(session, person))


@pytest.mark.parametrize("text", ["", "x", "A" * 43, "é" * 43, "A" * 5000])
def test_a_link_nobody_gave_out_opens_nothing(session: Session, text: str) -> None:
    with pytest.raises(NotFound):
        read(session, "unsubscribe", text)


@pytest.mark.parametrize(("after", "opens"), [(timedelta(minutes=1), True), (-timedelta(minutes=1), False)])
def test_a_link_ends_when_it_was_said_to(session: Session, person: Person, after: timedelta, opens: bool) -> None:
    text = issue(session, SEED, Grant("confirm", person.id, expires_at=real_now() + after))
    if opens:
        assert read(session, "confirm", text).person_id == person.id
    else:
        with pytest.raises(NotFound):
            read(session, "confirm", text)


def test_a_confirmation_has_a_fortnight() -> None:
    assert timedelta(days=14) == CONFIRM_FOR
