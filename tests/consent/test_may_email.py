"""The one question, and each answer it can give."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent import ledger
from leads.consent.may_email import Kind, Standings, may_email
from tests.cast import ACTOR, BY_FORM, make_confirmed_person, make_person

EDUCATION = Kind("education", "education", 2)
REMINDER = Kind("screening", "reminder", 1)
ANSWER = Kind("inquiry", "transactional", 0, answers=True)


def test_a_confirmed_person_who_granted_all_may_be_written_to(session: Session) -> None:
    person = make_confirmed_person(session)
    assert may_email(session, person.id, person.email_index, EDUCATION) is None


def test_an_unconfirmed_address_gets_the_acknowledgement_only(session: Session) -> None:
    person = make_person(session)
    assert may_email(session, person.id, person.email_index, ANSWER) is None
    assert may_email(session, person.id, person.email_index, REMINDER) == "unconfirmed"


def test_without_an_address_nothing_goes(session: Session) -> None:
    person = make_person(session, email=None)
    assert may_email(session, person.id, person.email_index, ANSWER) == "no-address"


def test_a_hold_silences_even_the_acknowledgement(session: Session) -> None:
    person = make_confirmed_person(session)
    ledger.hold(session, person.id, reason="inquiry")
    assert may_email(session, person.id, person.email_index, ANSWER) == "held"


def test_a_released_hold_lets_mail_go_again(session: Session) -> None:
    person = make_confirmed_person(session)
    ledger.hold(session, person.id, reason="inquiry")
    ledger.release(session, person.id, actor=ACTOR, code="no-danger", disposition="Spoke by phone, safe plan in place.")
    assert may_email(session, person.id, person.email_index, EDUCATION) is None


def test_stopping_one_topic_leaves_the_others(session: Session) -> None:
    person = make_confirmed_person(session)
    ledger.suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor=ACTOR)
    assert may_email(session, person.id, person.email_index, EDUCATION) == "suppressed-topic"
    assert may_email(session, person.id, person.email_index, REMINDER) is None


def test_stopping_all_stops_all(session: Session) -> None:
    person = make_confirmed_person(session)
    ledger.suppress(session, person_id=person.id, reason="unsubscribed", actor=ACTOR)
    assert may_email(session, person.id, person.email_index, REMINDER) == "suppressed-all"


def test_a_bounced_address_is_silent_for_whoever_has_it(session: Session) -> None:
    person, partner = make_confirmed_person(session), make_confirmed_person(session, given_name="Luis")
    ledger.suppress(session, address_index=person.email_index, reason="bounced", actor=ACTOR)
    assert may_email(session, partner.id, partner.email_index, REMINDER) == "suppressed-address"


def test_an_address_unsafe_for_one_is_not_for_the_other(session: Session) -> None:
    person, partner = make_confirmed_person(session), make_confirmed_person(session, given_name="Luis")
    ledger.suppress(session, person_id=person.id, address_index=person.email_index, reason="not-safe", actor=ACTOR)
    assert may_email(session, person.id, person.email_index, REMINDER) == "suppressed-address"
    assert may_email(session, partner.id, partner.email_index, REMINDER) is None


def test_a_lifted_stop_no_longer_stops(session: Session) -> None:
    person = make_confirmed_person(session)
    ledger.suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor=ACTOR)
    assert ledger.lift(session, person_id=person.id, topic="education", actor=ACTOR) == 1
    assert may_email(session, person.id, person.email_index, EDUCATION) is None


def test_a_pause_rests_sequences_until_its_date(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    person = make_confirmed_person(session)
    ledger.pause(session, person.id, now() + timedelta(days=3), reason="asked", actor=ACTOR)
    assert may_email(session, person.id, person.email_index, EDUCATION) == "paused"
    assert may_email(session, person.id, person.email_index, Kind("visits", "transactional", 1)) is None
    tuesday(timedelta(days=4))
    assert may_email(session, person.id, person.email_index, EDUCATION) is None


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("contact", "no-contact-grant"), ("education", "no-education-grant"), ("unencrypted_email", "no-unencrypted-grant")],
)
def test_each_missing_grant_is_named(session: Session, missing: str, reason: str) -> None:
    grants = tuple({"contact", "education", "unencrypted_email"} - {missing})
    person = make_confirmed_person(session, grants=grants)
    assert may_email(session, person.id, person.email_index, EDUCATION) == reason


def test_a_withdrawal_outweighs_an_earlier_grant(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    person = make_confirmed_person(session)
    ledger.withdraw(session, person.id, "education", BY_FORM, actor=ACTOR)
    assert ledger.granted(session, person.id) == {"contact", "unencrypted_email"}
    tuesday(timedelta(minutes=1))
    ledger.grant(session, person.id, "education", BY_FORM, actor=ACTOR)
    assert "education" in ledger.granted(session, person.id)


def test_of_each_topic_it_is_read_once_how_a_person_stands(session: Session) -> None:
    person = make_confirmed_person(session)
    standings = Standings(session, person.id, person.email_index)
    assert standings.may_email(EDUCATION) is None
    ledger.hold(session, person.id, reason="inquiry")
    assert standings.may_email(EDUCATION) is None
    assert standings.may_email(REMINDER) == "held"
