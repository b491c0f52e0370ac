"""Somebody is on call only while a page is known to reach them; nobody counts by being written down."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.staff import disable_account
from leads.errors import Forbidden, NotFound
from leads.messages.models import Message
from leads.safety.oncall import is_staffed
from leads.safety.oncall import roster as who
from leads.safety.try_contact import answer, try_contact, try_everybody
from tests.safety.cast import ALWAYS, answer_test, make_roster
from tests.safety.conftest import OnCall

Advance = Callable[[timedelta], None]


@pytest.fixture
def alba(session: Session, tuesday: object, on_call: OnCall) -> Account:
    """Alba, alone on the roster, whom nobody has tested."""
    alba = make_roster(session)[0]
    on_call("alba@example.com", staffed=True)
    return alba


def test_without_a_roster_nobody_is_on_call(session: Session) -> None:
    assert not is_staffed(session)
    assert who(session).everybody == []


def test_a_name_on_the_roster_is_not_yet_somebody(session: Session, alba: Account) -> None:
    assert [each.account_id for each in who(session).now] == [alba.id]
    assert not is_staffed(session)


def test_a_test_that_was_sent_proves_nothing(session: Session, alba: Account) -> None:
    try_contact(session, alba.id)
    session.flush()
    assert not is_staffed(session)


def test_an_answered_test_is_the_proof(session: Session, alba: Account) -> None:
    answer_test(session, alba)
    assert is_staffed(session)


def test_after_seven_days_it_proves_nothing_any_more(session: Session, alba: Account, tuesday: Advance) -> None:
    answer_test(session, alba)
    tuesday(timedelta(days=7) - timedelta(seconds=1))
    assert is_staffed(session)
    tuesday(timedelta(seconds=1))
    assert not is_staffed(session)


def test_staffed_mode_is_the_clinics_to_switch_on(session: Session, alba: Account, on_call: OnCall) -> None:
    answer_test(session, alba)
    on_call("alba@example.com", staffed=False)
    assert not is_staffed(session)
    assert who(session).answers


def test_outside_every_shift_nobody_is_on_call(session: Session, alba: Account, on_call: OnCall) -> None:
    answer_test(session, alba)
    on_call(staffed=True, shifts=[ALWAYS | {"days": ["sunday"], "order": ["alba@example.com"]}])
    assert not is_staffed(session)
    assert who(session).now == []


def test_a_colleague_who_has_left_is_nobody(session: Session, alba: Account) -> None:
    answer_test(session, alba)
    disable_account(session, alba)
    session.flush()
    assert not is_staffed(session)
    assert [each.account_id for each in who(session).everybody] == [None]


def test_two_shifts_at_once_make_one_order(session: Session, tuesday: object, on_call: OnCall) -> None:
    make_roster(session)
    first, second = ["boris@example.com", "alba@example.com"], ["Alba@example.com", "chloe@example.com"]
    on_call(shifts=[ALWAYS | {"order": first}, ALWAYS | {"order": second}])
    assert [each.email.split("@")[0] for each in who(session).now] == ["boris", "alba", "chloe"]


def test_nobody_answers_for_a_colleague(session: Session, roster: list[Account]) -> None:
    test = try_contact(session, roster[0].id)
    session.flush()
    with pytest.raises(Forbidden):
        answer(session, test.id, account_id=roster[1].id)


def test_an_answer_counts_from_when_it_was_first_given(session: Session, alba: Account, tuesday: Advance) -> None:
    test = answer_test(session, alba)
    given = test.answered_at
    tuesday(timedelta(days=6))
    assert answer(session, test.id, account_id=alba.id).answered_at == given


def test_a_test_goes_to_everybody_there_is(session: Session, tuesday: object, on_call: OnCall) -> None:
    make_roster(session)
    on_call("alba@example.com", "nobody@example.com", "chloe@example.com")
    assert [each.email for each in try_everybody(session)] == ["alba@example.com", "chloe@example.com"]
    session.flush()
    assert [mail.lane for mail in session.query(Message).all()] == ["safety"] * 2


def test_an_address_that_is_not_on_call_is_refused_in_words(session: Session, alba: Account, on_call: OnCall) -> None:
    with pytest.raises(NotFound, match=r"boris@example\.com is not on call"):
        try_everybody(session, email="boris@example.com")
    on_call()
    with pytest.raises(NotFound, match=r"fill in on_call\.shifts"):
        try_everybody(session)
