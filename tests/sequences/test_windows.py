"""A moment moves into its window: by the office's clock, one way, and with the rule that moved it."""

from datetime import datetime, time, timedelta

import pytest
from pydantic import ValidationError

from leads.clinic.windows import ANY_TIME, OFFICE_HOURS, Window, last_open, next_open
from tests.sequences.conftest import ALWAYS_OPEN, DAYTIME, NEW_HAVEN, WOODBURY, at

DAY = Window.model_validate(DAYTIME)
NIGHT = Window.model_validate({"from": "20:00", "to": "02:00"})


@pytest.mark.parametrize(
    ("moment", "opens", "rules"),
    [
        ("2026-10-06T10:10", "2026-10-06T10:10", ()),
        ("2026-10-06T07:10", "2026-10-06T09:00", ("07:10 is before hours → Tue 09:00",)),
        ("2026-10-05T20:30", "2026-10-06T09:00", ("20:30 is after hours → Tue 09:00",)),
        ("2026-10-06T18:00", "2026-10-07T09:00", ("18:00 is after hours → Wed 09:00",)),
        ("2026-10-03T10:00", "2026-10-05T09:00", ("Sat → Mon 09:00",)),
        ("2026-05-25T12:00", "2026-05-26T09:00", ("Memorial Day → Tue 09:00",)),
        ("2026-05-23T12:00", "2026-05-26T09:00", ("Sat → Mon", "Memorial Day → Tue 09:00")),
        ("2026-12-24T12:00", "2026-12-28T09:00", ("Christmas Eve → Fri", "Christmas Day → Sat", "Sat → Mon 09:00")),
        ("2026-07-03T12:00", "2026-07-06T09:00", ("Independence Day (observed) → Sat", "Sat → Mon 09:00")),
    ],
)
def test_each_move_forward_names_its_rule(moment: str, opens: str, rules: tuple[str, ...]) -> None:
    found = next_open(DAY, NEW_HAVEN, at(moment))
    assert found
    assert (found.at, found.by) == (at(opens), rules)


def test_the_office_keeps_its_own_free_weekdays() -> None:
    thursday = at("2026-10-08T12:00")
    assert next_open(DAY, NEW_HAVEN, thursday) == next_open(ANY_TIME, WOODBURY, thursday)
    found = next_open(DAY, WOODBURY, thursday)
    assert found
    assert found.by == ("Thu → Fri 09:00",)


def test_office_hours_are_the_offices() -> None:
    assert [next_open(OFFICE_HOURS, WOODBURY, at(f"2026-10-09T{hour}")).at for hour in ("08:00", "15:00")] == [  # type: ignore[union-attr]
        at("2026-10-09T09:00"),
        at("2026-10-13T10:00"),
    ]


def test_going_back_lands_where_the_window_last_began() -> None:
    found = last_open(DAY, NEW_HAVEN, at("2026-12-26T12:00"))
    assert found
    assert found.at == at("2026-12-23T09:00")
    assert found.by == ("Sat → Fri", "Christmas Day → Thu", "Christmas Eve → Wed 09:00")


@pytest.mark.parametrize("moment", ["2026-10-06T20:00", "2026-10-06T23:59", "2026-10-07T00:00", "2026-10-07T01:59"])
def test_a_window_may_cross_midnight(moment: str) -> None:
    assert NIGHT.is_open(NEW_HAVEN, at(moment))


@pytest.mark.parametrize(("moment", "opens"), [("2026-10-07T02:00", "2026-10-07T20:00"), ("2026-10-07T12:00", "2026-10-07T20:00")])
def test_outside_a_night_window_the_evening_is_next(moment: str, opens: str) -> None:
    found = next_open(NIGHT, NEW_HAVEN, at(moment))
    assert found
    assert found.at == at(opens)


def test_the_hours_after_midnight_belong_to_the_day_before() -> None:
    friday_night = Window.model_validate({"days": ["friday"], "from": "20:00", "to": "02:00"})
    assert friday_night.is_open(NEW_HAVEN, at("2026-10-10T01:00"))
    assert not friday_night.is_open(NEW_HAVEN, at("2026-10-09T01:00"))


def test_the_same_time_twice_is_a_whole_day() -> None:
    sundays = Window.model_validate({"days": ["sunday"]})
    assert sundays.spans(ALWAYS_OPEN, datetime(2026, 3, 8).date()) == ((at("2026-03-08T00:00"), at("2026-03-09T00:00")),)  # noqa: DTZ001


def test_a_window_inside_the_spring_gap_waits_for_the_next_day() -> None:
    found = next_open(Window.model_validate({"from": "02:10", "to": "02:50"}), ALWAYS_OPEN, at("2026-03-08T00:00"))
    assert found
    assert (found.at, found.by) == (at("2026-03-09T02:10"), ("the clocks go forward → Mon 02:10",))


def test_a_window_that_begins_in_the_spring_gap_opens_when_the_gap_ends() -> None:
    found = next_open(Window.model_validate({"from": "02:30", "to": "04:00"}), ALWAYS_OPEN, at("2026-03-08T00:00"))
    assert found
    assert found.at == at("2026-03-08T03:00")


def test_a_window_over_the_repeated_hour_is_an_hour_longer() -> None:
    begin, end = Window.model_validate({"from": "00:30", "to": "03:00"}).spans(ALWAYS_OPEN, at("2026-11-01T12:00").date())[0]
    assert end - begin == timedelta(hours=3, minutes=30)


def test_a_window_that_never_opens_ends_the_search() -> None:
    never = Window.model_validate({"days": ["sunday"], "business_days": True})
    assert next_open(never, NEW_HAVEN, at("2026-10-06T10:00")) is None
    assert last_open(never, NEW_HAVEN, at("2026-10-06T10:00")) is None


def test_a_far_move_names_the_date() -> None:
    found = next_open(Window.model_validate({"days": ["monday"], "business_days": True}), NEW_HAVEN, at("2026-05-19T10:00"))
    assert found
    assert found.by[-1].endswith("→ Mon 1 Jun 00:00")


@pytest.mark.parametrize(
    "wrong", [{"from": 1080}, {"from": "9 pm"}, {"days": []}, {"days": ["someday"]}, {"office_hours": True, "to": "9:00"}]
)
def test_a_window_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate(wrong)


def test_a_window_is_stored_and_read_back() -> None:
    kept = DAY.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert kept == DAYTIME
    assert Window.model_validate(kept).closes == time(18)
