"""A shift is on when its clock says so, past midnight too; what cannot be a roster is refused with file and line."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from leads.clinic.on_call import OnCall, Shift

HERE = ZoneInfo("America/New_York")


def shift(hours: str, *days: str, **more: Any) -> Shift:
    return Shift.model_validate({"days": days or ["tuesday"], "hours": hours, "order": ["a@example.com"]} | more)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of October 2026 in New Haven; the 6th is a Tuesday."""
    return datetime(2026, 10, day, hour, minute, tzinfo=HERE).astimezone(UTC)


@pytest.mark.parametrize(("moment", "on"), [(at(6, 8), True), (at(6, 17, 59), True), (at(6, 18), False), (at(7, 9), False)])
def test_a_day_shift_is_on_between_its_hours(moment: datetime, on: bool) -> None:
    assert shift("08:00-18:00").covers(moment, HERE) is on


@pytest.mark.parametrize(("moment", "on"), [(at(6, 18), True), (at(7, 7, 59), True), (at(7, 8), False), (at(6, 7), False)])
def test_a_night_shift_belongs_to_the_day_it_begins_on(moment: datetime, on: bool) -> None:
    assert shift("18:00-08:00").covers(moment, HERE) is on


def test_a_night_from_sunday_reaches_into_monday() -> None:
    assert shift("18:00-08:00", "sunday").covers(at(5, 3), HERE)


def test_midnight_to_midnight_is_the_whole_day_and_no_other() -> None:
    whole = shift("00:00-00:00")
    assert whole.covers(at(6, 0), HERE)
    assert whole.covers(at(6, 23, 59), HERE)
    assert not whole.covers(at(7, 0), HERE)


def test_it_goes_by_the_clock_of_its_office() -> None:
    assert not shift("08:00-18:00").covers(at(6, 8), ZoneInfo("America/Los_Angeles"))


def test_on_the_night_the_clocks_change_nobody_is_missing() -> None:
    night = shift("18:00-08:00", "saturday")
    assert all(night.covers(datetime(2026, 11, 1, hour, 30, tzinfo=UTC), HERE) for hour in range(13))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"days": []}, "at least 1 item"),
        ({"order": []}, "at least 1 item"),
        ({"order": ["Alba"]}, "is no e-mail address"),
        ({"hours": "all day"}, "is no span of the day"),
    ],
)
def test_a_shift_without_people_or_hours_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Shift.model_validate({"days": ["tuesday"], "hours": "08:00-18:00", "order": ["a@example.com"]} | wrong)


@pytest.mark.parametrize("minutes", [[], [30, 15], [0], [15, 15], [15, 90]])
def test_steps_that_do_not_rise_within_the_hour_are_refused(minutes: list[int]) -> None:
    with pytest.raises(ValidationError):
        OnCall.model_validate({"escalate_after_minutes": minutes})


def test_a_test_counts_for_a_week_at_most() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 7"):
        OnCall.model_validate({"test_every_days": 8})
