"""Which column is what: guessed by its heading, remembered from the last time; a consent never."""

import pytest
from sqlalchemy.orm import Session

from leads.imports.columns import guess
from tests.imports.cast import HEADINGS, MAPPING, brought_in

pytestmark = pytest.mark.usefixtures("tuesday")


def test_common_headings_are_known_but_no_consent_is_guessed(session: Session) -> None:
    guessed = guess(session, HEADINGS)
    assert (guessed["0"], guessed["2"], guessed["4"]) == ("given_name", "email", "birth_date")
    assert guess(session, ["OK to contact", "Newsletter"]) == {}


def test_two_columns_are_never_guessed_to_be_the_same(session: Session) -> None:
    assert guess(session, ["E-mail", "Email address"]) == {"0": "email"}


def test_what_somebody_said_the_last_time_is_remembered(session: Session) -> None:
    brought_in(session, ("Ana", "Rivera", "ana@example.com", "", "", "", "", "", ""))
    assert guess(session, HEADINGS) == MAPPING
    assert guess(session, ["ok TO write"]) == {"0": "contact"}
