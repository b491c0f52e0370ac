"""A new sender's days grow from few mails to many."""

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clinic.profile import WarmUp
from leads.clock import frozen, now
from leads.db import new_id
from leads.messages.models import DeliveryAttempt
from leads.messages.outbox import post
from leads.messages.warm_up import SENT_TODAY, allowed_today, since_midnight, until_tomorrow
from tests.cast import make_confirmed_person

Configure = Callable[..., None]
RAMP = {"starts": date(2026, 10, 30), "first_day": 50, "growth": 1.5}


def on(day: str) -> AbstractContextManager[object]:
    return frozen(datetime.fromisoformat(day))


@pytest.mark.parametrize(
    ("day", "most"),
    [("2026-10-29T12:00-04:00", 50), ("2026-10-30T12:00-04:00", 50), ("2026-10-31T00:00-04:00", 75), ("2026-11-02T12:00-05:00", 168)],
)
def test_each_day_allows_half_as_many_again(day: str, most: int, configure: Configure) -> None:
    configure(warm_up=RAMP)
    with on(day):
        assert allowed_today() == most


@pytest.mark.parametrize("day", ["2027-10-30T12:00-04:00", "2096-10-30T12:00-04:00"])
def test_the_ramp_ends_at_the_quota(day: str, configure: Configure) -> None:
    configure(warm_up=RAMP, day_quota=5000)
    with on(day):
        assert allowed_today() == 5000


def test_nothing_limits_a_day_where_nothing_is_configured() -> None:
    assert allowed_today() is None


@pytest.mark.parametrize(
    ("moment", "hours"),
    [("2026-11-01T00:00-04:00", 25), ("2027-03-14T00:00-05:00", 23), ("2026-11-02T23:00-05:00", 1)],
    ids=["the clocks go back", "the clocks go forward", "late in the evening"],
)
def test_the_day_ends_at_the_offices_midnight(moment: str, hours: int) -> None:
    with on(moment):
        assert until_tomorrow() == timedelta(hours=hours).total_seconds()


@pytest.fixture
def tried(session: Session) -> Callable[..., None]:
    """Makes attempts that ended like this; each had its id so many hours ago."""
    message = post(session, make_confirmed_person(session).id, "office-location", cause="test", facts={"office": "woodbury"})
    session.flush()

    def make(*outcomes: str | None, hours_ago: int = 0) -> None:
        at = now() - timedelta(hours=hours_ago)
        stamp = int((time.time() - hours_ago * 3600) * 1000)
        for outcome in outcomes:
            row_id = uuid.UUID(int=stamp << 80 | new_id().int & (1 << 80) - 1)
            session.add(DeliveryAttempt(id=row_id, message_id=message.id, fence=1, carrier="smtp", at=at, outcome=outcome))
        session.flush()

    return make


def sent_today(session: Session) -> int:
    return session.connection().execute(SENT_TODAY, since_midnight()).scalar_one()


def test_what_the_carrier_took_or_may_have_taken_is_counted(session: Session, tried: Callable[..., None]) -> None:
    with on("2026-10-06T10:00-04:00"):
        tried("sent", "sent", None, "refused")
        assert sent_today(session) == 3


def test_what_went_before_midnight_belongs_to_yesterday(session: Session, tried: Callable[..., None]) -> None:
    with on("2026-10-06T10:00-04:00"):
        tried("sent", hours_ago=9)
        tried("sent", "sent", hours_ago=11)
        assert sent_today(session) == 1


def test_on_a_day_with_a_clock_change_midnight_is_an_hour_further_off(session: Session, tried: Callable[..., None]) -> None:
    with on("2026-11-01T10:00-05:00"):
        tried("sent", hours_ago=10)
        assert sent_today(session) == 1


@pytest.mark.parametrize("growth", [1.0, 3.5])
def test_a_ramp_that_does_not_grow_or_leaps_is_refused(growth: float) -> None:
    with pytest.raises(ValueError, match="growth"):
        WarmUp.model_validate(RAMP | {"growth": growth})
