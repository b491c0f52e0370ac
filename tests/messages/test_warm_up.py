"""A new sender's days grow from few mails to many."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clinic.profile import Mail, WarmUp, clinic
from leads.messages import warm_up
from leads.messages.warm_up import SENT_TODAY, allowed_today, since_midnight, until_tomorrow

RAMP = {"starts": date(2026, 10, 30), "first_day": 50, "growth": 1.5}


def on(day: str, monkeypatch: pytest.MonkeyPatch, **mail: object) -> None:
    moment = datetime.fromisoformat(day).astimezone(UTC)
    monkeypatch.setattr(warm_up, "real_now", lambda: moment)
    monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | mail))


@pytest.mark.parametrize(
    ("day", "most"),
    [("2026-10-29T12:00-04:00", 50), ("2026-10-30T12:00-04:00", 50), ("2026-10-31T00:00-04:00", 75), ("2026-11-02T12:00-05:00", 168)],
)
def test_each_day_allows_half_as_many_again(day: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    on(day, monkeypatch, warm_up=RAMP)
    assert allowed_today() == most


def test_the_ramp_ends_at_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    on("2027-10-30T12:00-04:00", monkeypatch, warm_up=RAMP, day_quota=5000)
    assert allowed_today() == 5000


def test_nothing_limits_a_day_where_nothing_is_configured() -> None:
    assert allowed_today() is None


@pytest.mark.parametrize(
    ("moment", "hours"),
    [("2026-11-01T00:00-04:00", 25), ("2027-03-14T00:00-05:00", 23), ("2026-11-02T23:00-05:00", 1)],
    ids=["the clocks go back", "the clocks go forward", "late in the evening"],
)
def test_the_day_ends_at_the_offices_midnight(moment: str, hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    on(moment, monkeypatch)
    assert until_tomorrow() == timedelta(hours=hours).total_seconds()


def test_what_went_out_since_midnight_is_counted_by_its_ids(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session.connection().execute(SENT_TODAY, since_midnight()).scalar() == 0
    on("2026-01-01T12:00-05:00", monkeypatch)
    assert session.connection().execute(SENT_TODAY, since_midnight()).scalar() == 0
    assert since_midnight()["since"].int >> 80 == 1767243600000


@pytest.mark.parametrize("growth", [1.0, 3.5])
def test_a_ramp_that_does_not_grow_or_leaps_is_refused(growth: float) -> None:
    with pytest.raises(ValueError, match="growth"):
        WarmUp.model_validate(RAMP | {"growth": growth})
