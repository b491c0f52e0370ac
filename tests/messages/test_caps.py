"""All sequences together write to one person only so often; what somebody asked for themselves is not counted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message

Due = Callable[..., Message]
Advance = Callable[[timedelta], None]
pytestmark = pytest.mark.usefixtures("an_empty_queue")


@pytest.fixture
def reminders(due: Due) -> list[Message]:
    return [due("office-location", lane="reminder", due_at=now() - timedelta(minutes=9 - number)) for number in range(3)]


def test_the_third_of_a_day_waits_until_a_day_after_the_first(
    session: Session, tuesday: Advance, reminders: list[Message], carrier: SmtpCarrier
) -> None:
    drain(LANES, carrier=carrier)
    session.expire_all()
    assert [each.state for each in reminders] == ["sent", "sent", "planned"]
    assert (reminders[2].reason, reminders[2].due_at) == ("cap", now() + timedelta(days=1))


def test_moved_by_the_cap_it_still_goes(session: Session, tuesday: Advance, reminders: list[Message], carrier: SmtpCarrier) -> None:
    drain(LANES, carrier=carrier)
    tuesday(timedelta(days=1, seconds=1))
    drain(LANES, carrier=carrier)
    session.expire_all()
    assert [each.state for each in reminders] == ["sent"] * 3


def test_no_more_than_five_go_in_a_week(session: Session, tuesday: Advance, due: Due, carrier: SmtpCarrier) -> None:
    many = [due("office-location", lane="reminder", useful_until=None) for _ in range(7)]
    for _ in range(6):
        drain(LANES, carrier=carrier)
        tuesday(timedelta(days=1))
    session.expire_all()
    assert sorted(each.state for each in many) == ["planned"] * 2 + ["sent"] * 5


def test_what_answers_a_persons_own_act_is_neither_held_nor_counted(session: Session, due: Due, carrier: SmtpCarrier) -> None:
    asked_for = [due("office-location") for _ in range(4)]
    reminder = due("office-location", lane="reminder")
    drain(LANES, carrier=carrier)
    session.expire_all()
    assert {each.state for each in [*asked_for, reminder]} == {"sent"}


def test_one_that_is_under_way_counts_as_gone(session: Session, reminders: list[Message], carrier: SmtpCarrier) -> None:
    for each in reminders[:2]:
        each.state, each.state_at = "unknown", now()
    session.flush()
    drain(LANES, carrier=carrier)
    session.refresh(reminders[2])
    assert (reminders[2].state, reminders[2].reason) == ("planned", "cap")
