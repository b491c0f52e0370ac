"""A key that refers belongs to one practice, and its issue verifies it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.keys import create_key
from leads.errors import Conflict, Forbidden, Invalid, NotFound
from leads.providers.models import Verification
from leads.providers.practices import create_practice_key, make_practice, practice_of_key
from leads.providers.trust import distrust
from tests.providers.cast import ACTOR, make_trusted_practice


def test_a_key_that_refers_makes_its_practice(session: Session) -> None:
    key, _, practice = create_practice_key(session, "Elm EHR", ["referrals"], practice="Elm Family Medicine")
    assert practice_of_key(session, key) is practice
    entry = session.scalars(select(Verification)).one()
    assert (entry.method, entry.key_id, practice and practice.verified_at) == ("key", key.id, entry.at)


def test_without_a_name_the_practice_is_called_like_the_key(session: Session) -> None:
    key, _, _ = create_practice_key(session, "Elm Family Medicine", ["fhir"])
    assert practice_of_key(session, key).name == "Elm Family Medicine"


@pytest.mark.parametrize("spelt", ["elm family medicine", "  ELM  Family-Medicine ", "id"])
def test_a_known_practice_is_found(session: Session, spelt: str) -> None:
    practice = make_trusted_practice(session)
    key, _, _ = create_practice_key(session, "Elm EHR", ["referrals"], practice=str(practice.id) if spelt == "id" else spelt)
    assert key.practice_id == practice.id


def test_a_key_for_inquiries_needs_no_practice(session: Session) -> None:
    key, _, practice = create_practice_key(session, "Website", ["inquiries:write"])
    assert (practice, key.practice_id) == (None, None)


def test_a_name_two_practices_bear_asks_for_the_id(session: Session) -> None:
    for _ in range(2):
        make_trusted_practice(session)
    with pytest.raises(Conflict, match="id"):
        create_practice_key(session, "Elm EHR", ["referrals"], practice="Elm Family Medicine")


def test_an_unknown_id_makes_no_practice(session: Session) -> None:
    with pytest.raises(NotFound, match="providers list"):
        create_practice_key(session, "Elm EHR", ["referrals"], practice="00000000-0000-7000-8000-000000000009")


def test_a_key_without_a_practice_may_not_refer(session: Session) -> None:
    key, _ = create_key(session, "Elm EHR", ["referrals"])
    with pytest.raises(Forbidden, match="--practice"):
        practice_of_key(session, key)


def test_the_key_of_a_practice_we_no_longer_believe_may_not_refer(session: Session) -> None:
    key, _, practice = create_practice_key(session, "Elm EHR", ["referrals"])
    assert practice
    distrust(session, practice, why="closed", actor=ACTOR)
    with pytest.raises(Forbidden, match="not verified any more"):
        practice_of_key(session, key)


@pytest.mark.parametrize("name", ["", " - ", "x" * 161])
def test_a_practice_needs_a_name_of_use(session: Session, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        make_practice(session, name, actor=ACTOR)
