"""Business time: no zone, no change of the clocks and no holiday makes it wrong."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.clock import Anchor, Calendar, add_business_time, business_minutes, end_of_business_days, frozen, local_to_utc, now

ZONES = ("America/New_York", "America/St_Johns", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC",
         "America/Sao_Paulo", "Africa/Casablanca", "Atlantic/Azores", "Asia/Gaza", "Antarctica/Troll")  # fmt: skip
NEW_YORK = ZoneInfo("America/New_York")
NINE_TO_FIVE = Calendar(NEW_YORK, {day: ((time(9), time(12)), (time(13), time(17))) for day in range(5)})
AROUND_THE_CLOCK = Calendar(NEW_YORK, {day: ((time(0), time(23, 59)),) for day in range(7)})
zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2007, 1, 1), date(2037, 12, 31))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
few = settings(max_examples=60, deadline=None)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-03-08T01:59", "America/New_York", "2026-03-08T06:59"),
        ("2026-03-08T02:00", "America/New_York", "2026-03-08T07:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:00"),
        ("2026-03-08T03:00", "America/New_York", "2026-03-08T07:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30"),
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00"),
        ("2018-11-04T00:30", "America/Sao_Paulo", "2018-11-04T03:00"),
    ],
)
def test_a_gap_gives_the_first_valid_moment_and_a_repeated_hour_its_first(local: str, zone: str, utc: str) -> None:
    wanted = datetime.fromisoformat(local)
    assert local_to_utc(wanted.date(), wanted.time(), ZoneInfo(zone)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@few
@given(days, st.times(), zones)
def test_a_wall_clock_time_is_read_back_unless_it_does_not_exist(day: date, wall: time, zone: ZoneInfo) -> None:
    back = local_to_utc(day, wall, zone).astimezone(zone).replace(tzinfo=None)
    wanted = datetime.combine(day, wall)
    assert back == wanted or timedelta() < back - wanted <= timedelta(days=1)


@few
@given(days, st.lists(st.times(), min_size=2, max_size=2), zones)
def test_later_on_the_wall_is_never_earlier_in_the_world(day: date, walls: list[time], zone: ZoneInfo) -> None:
    # Not across a repeated hour: 01:30 means its first, 02:00 comes an hour after the second 01:59.
    first, second = sorted(walls)
    assert local_to_utc(day, first, zone) <= local_to_utc(day, second, zone)


def test_minutes_run_only_while_the_office_is_open() -> None:
    assert add_business_time(NINE_TO_FIVE, at("2026-10-02T16:30"), 60) == at("2026-10-05T09:30")
    assert add_business_time(NINE_TO_FIVE, at("2026-10-05T11:30"), 60) == at("2026-10-05T13:30")


def test_a_closed_day_is_jumped_over() -> None:
    closed = Calendar(NEW_YORK, NINE_TO_FIVE.hours, lambda day: "Flood" if day == date(2026, 10, 6) else None)
    assert add_business_time(closed, at("2026-10-05T16:59"), 2) == at("2026-10-07T09:01")


def test_an_office_that_never_opens_is_said_to() -> None:
    never = Calendar(NEW_YORK, {})
    with pytest.raises(ValueError, match="never open"):
        add_business_time(never, at("2026-10-05T16:59"), 2)
    with pytest.raises(ValueError, match="never open"):
        end_of_business_days(never, at("2026-10-05T16:59"), 1)


@pytest.mark.parametrize(("start", "hours"), [("2026-03-07T12:00", 24), ("2026-10-31T12:00", 24)])
def test_a_start_given_in_local_time_counts_through_both_changes_of_the_clocks(start: str, hours: int) -> None:
    local = datetime.fromisoformat(start).replace(tzinfo=NEW_YORK)
    end = add_business_time(AROUND_THE_CLOCK, local, hours * 60 - 1)
    assert end - local.astimezone(UTC) == timedelta(hours=hours)
    assert business_minutes(AROUND_THE_CLOCK, local, end.astimezone(NEW_YORK)) == hours * 60 - 1


@pytest.mark.parametrize(("day", "minutes"), [("2026-03-08", 120), ("2026-11-01", 240), ("2026-10-06", 180)])
def test_three_hours_on_the_wall_are_two_or_four_when_the_clocks_change(day: str, minutes: int) -> None:
    start, end = (datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=NEW_YORK) for hour in ("01:00", "04:00"))
    assert business_minutes(AROUND_THE_CLOCK, start, end) == minutes


@few
@given(moments, st.integers(1, 5000))
def test_adding_and_counting_agree(start: datetime, minutes: int) -> None:
    assert business_minutes(NINE_TO_FIVE, start, add_business_time(NINE_TO_FIVE, start, minutes)) == minutes


@few
@given(moments, st.integers(0, 5000), st.integers(0, 5000))
def test_more_minutes_never_end_sooner(start: datetime, less: int, more: int) -> None:
    less, more = sorted((less, more))
    assert start <= add_business_time(NINE_TO_FIVE, start, less) <= add_business_time(NINE_TO_FIVE, start, more)


def test_a_promise_of_one_business_day_ends_at_closing_time_of_the_next() -> None:
    assert end_of_business_days(NINE_TO_FIVE, at("2026-10-05T08:00"), 1) == at("2026-10-06T17:00")
    assert end_of_business_days(NINE_TO_FIVE, at("2026-10-02T18:00"), 1) == at("2026-10-05T17:00")


def test_nothing_is_counted_backwards() -> None:
    assert business_minutes(NINE_TO_FIVE, at("2026-10-06T10:00"), at("2026-10-05T10:00")) == 0


def test_a_frozen_clock_moves_only_when_told() -> None:
    with frozen(at("2026-10-05T10:00")) as advance:
        advance(timedelta(hours=1))
        assert now() == at("2026-10-05T11:00")


def test_a_stretched_clock_runs_as_fast_as_it_says() -> None:
    anchor = Anchor(at("2026-10-05T10:00"), at("2026-12-01T00:00"), speed=2880)
    assert anchor.read(at("2026-10-05T10:01")) == at("2026-12-03T00:00")
