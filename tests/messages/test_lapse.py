"""An approval that ran out: colleagues hear of it once, by a number, and only where it pauses something."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.messages.approve import FACTS_HOLD_FOR, withdraw
from leads.messages.lapse import tell_of_lapsed
from leads.messages.models import Message
from leads.messages.templates import catalogue
from tests.accounts.cast import make_account
from tests.messages.wording import WITH_FACTS, approved, make_pair

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def pair(session: Session, tuesday: object) -> tuple[Account, Account]:
    return make_pair(session)


def told(session: Session) -> list[Message]:
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == "wording-expired")))


def test_coordinators_and_reviewers_are_told_how_many(
    session: Session, pair: tuple[Account, Account], tuesday: Callable[[timedelta], None]
) -> None:
    make_account(session, "auditor", email="auditor@example.com")
    approved(session, WITH_FACTS, *pair)
    approved(session, "iv-and-im", *pair, language="es")
    tuesday(FACTS_HOLD_FOR + AN_HOUR)
    assert tell_of_lapsed(session) == 2
    assert {mail.account_id for mail in told(session)} == {account.id for account in pair}
    assert {(mail.facts or {})["mail_count"] for mail in told(session)} == {2}


def test_they_are_told_once(session: Session, pair: tuple[Account, Account], tuesday: Callable[[timedelta], None]) -> None:
    approved(session, WITH_FACTS, *pair)
    tuesday(FACTS_HOLD_FOR + AN_HOUR)
    tell_of_lapsed(session)
    session.flush()
    assert tell_of_lapsed(session) == 0
    assert len(told(session)) == 2


def test_before_it_runs_out_nobody_is_told(session: Session, pair: tuple[Account, Account], tuesday: Callable[[timedelta], None]) -> None:
    approved(session, WITH_FACTS, *pair)
    tuesday(FACTS_HOLD_FOR - AN_HOUR)
    assert tell_of_lapsed(session) == 0


def test_one_that_was_taken_back_runs_out_silently(
    session: Session, pair: tuple[Account, Account], tuesday: Callable[[timedelta], None]
) -> None:
    review = approved(session, WITH_FACTS, *pair)
    withdraw(session, review.id, by=pair[1].id, roles=pair[1].roles)
    tuesday(FACTS_HOLD_FOR + AN_HOUR)
    session.flush()
    assert tell_of_lapsed(session) == 0


def test_a_version_the_files_left_behind_pauses_nothing(
    session: Session, pair: tuple[Account, Account], tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(session, WITH_FACTS, *pair)
    tuesday(FACTS_HOLD_FOR + AN_HOUR)
    monkeypatch.setattr("leads.messages.lapse.catalogue", lambda: {"iv-and-im": catalogue()["iv-and-im"]})
    tell_of_lapsed(session)
    assert told(session) == []


def test_one_that_was_approved_again_in_time_pauses_nothing(
    session: Session, pair: tuple[Account, Account], tuesday: Callable[[timedelta], None]
) -> None:
    first = approved(session, WITH_FACTS, *pair)
    tuesday(FACTS_HOLD_FOR - AN_HOUR)
    again = approved(session, WITH_FACTS, *pair)
    tuesday(2 * AN_HOUR)
    assert tell_of_lapsed(session) == 1
    assert (first.told_at is not None, again.told_at, told(session)) == (True, None, [])
