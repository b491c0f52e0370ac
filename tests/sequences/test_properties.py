"""What holds for every sequence, office, zone and moment: forward or ended, in the window, in order, and always the same."""

from collections.abc import Sequence as Several
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from leads.clinic.windows import Window, last_open, next_open
from leads.clock import Calendar
from leads.sequences.conditions import facts_from
from leads.sequences.plan import Appointment, Past, PlanFacts, PlannedStep, plan
from tests.sequences.conftest import make_sequence, make_step

ZONES = ("America/New_York", "America/St_Johns", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
         "America/Sao_Paulo", "Africa/Casablanca", "Asia/Gaza", "Antarctica/Troll", "America/Santiago", "UTC")  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Around both changes of the clocks and the holidays of several years.
moments = st.one_of(
    st.datetimes(datetime(2023, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 3, 7), datetime(2026, 3, 10), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 10, 31), datetime(2026, 11, 3), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 12, 22), datetime(2027, 1, 5), timezones=st.just(UTC)),  # noqa: DTZ001
)
clock_times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
few = settings(max_examples=120, deadline=None)


def closed(day: date) -> str | None:
    return "Closed" if day.day in (1, 24, 25) else None


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1))
    return Calendar(ZoneInfo(draw(st.sampled_from(ZONES))), {day: ((time(9), time(12)), (time(13), time(17))) for day in weekdays}, closed)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
    if draw(st.booleans()):
        return {"days": days, "office_hours": True}
    hours = {"from": f"{draw(clock_times):%H:%M}", "to": f"{draw(clock_times):%H:%M}"}
    return {"days": days, "business_days": draw(st.booleans())} | hours


lengths = st.one_of(st.integers(0, 30).map(lambda n: f"{n} days"), st.integers(0, 96).map(lambda n: f"{n} hours"))
several = st.lists(lengths, min_size=1, max_size=5)


def in_order(lengths: list[str]) -> list[str]:
    return sorted(lengths, key=lambda text: int(text.split()[0]) * (24 if "day" in text else 1))


def lies_inside(window: Window, calendar: Calendar, at: datetime) -> bool:
    """Say the same as Window.is_open in another way: by the numbers on the wall."""
    wall = at.astimezone(calendar.zone)
    if window.office_hours:
        return _office_open(calendar, wall) and DAYS[wall.weekday()] in window.days
    crosses, minute = window.closes <= window.opens, wall.time()
    today = minute >= window.opens and (crosses or minute < window.closes)
    yesterday = crosses and minute < window.closes
    return (today and _counts(window, calendar, wall.date())) or (yesterday and _counts(window, calendar, wall.date() - timedelta(days=1)))


def _counts(window: Window, calendar: Calendar, day: date) -> bool:
    business = day.weekday() in calendar.hours and closed(day) is None
    return DAYS[day.weekday()] in window.days and (business or not window.business_days)


def _office_open(calendar: Calendar, wall: datetime) -> bool:
    spans = calendar.hours.get(wall.weekday(), ())
    return closed(wall.date()) is None and any(start <= wall.time() < end for start, end in spans)


def repeated(calendar: Calendar, at: datetime) -> bool:
    """True in the second run of a repeated hour, and the first: there the numbers on the wall say too little."""
    wall = at.astimezone(calendar.zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


@few
@given(calendars(), windows(), moments)
def test_forward_never_goes_back_and_lands_inside(calendar: Calendar, rule: dict[str, Any], at: datetime) -> None:
    window = Window.model_validate(rule)
    found = next_open(window, calendar, at)
    if found:
        assert found.at >= at
        assert window.is_open(calendar, found.at)
        assert lies_inside(window, calendar, found.at) or repeated(calendar, found.at)
        assert bool(found.by) == (found.at != at)


@few
@given(calendars(), windows(), moments)
def test_backward_never_goes_on_and_lands_inside(calendar: Calendar, rule: dict[str, Any], at: datetime) -> None:
    window = Window.model_validate(rule)
    found = last_open(window, calendar, at)
    if found:
        assert found.at <= at
        assert window.is_open(calendar, found.at)


@few
@given(calendars(), windows(), moments)
def test_nothing_open_is_passed_by(calendar: Calendar, rule: dict[str, Any], at: datetime) -> None:
    window = Window.model_validate(rule)
    found = next_open(window, calendar, at)
    between = [at + timedelta(minutes=15 * n) for n in range(400)]
    assert not any(window.is_open(calendar, moment) for moment in between if found is None or moment < found.at)


def waiting(
    calendar: Calendar, rule: dict[str, Any], waits: list[str], at: datetime, now: datetime, past: Several[Past] = ()
) -> list[PlannedStep]:
    steps = [make_step(f"s{place}", wait=wait, useful_for="400 days") for place, wait in enumerate(in_order(waits))]
    return plan(make_sequence(*steps, window=rule), PlanFacts(at, calendar, facts_from({})), past, now)


@few
@given(calendars(), windows(), several, moments)
def test_every_step_moves_forward_or_ends_and_lies_in_its_window(
    calendar: Calendar, rule: dict[str, Any], waits: list[str], at: datetime
) -> None:
    window = Window.model_validate(rule)
    for step in waiting(calendar, rule, waits, at, at):
        assert step.skip or at <= step.planned_for <= step.due_at
        assert step.skip or window.is_open(calendar, step.due_at)


@few
@given(calendars(), windows(), several, moments, st.integers(0, 60 * 24 * 20))
def test_steps_keep_their_order_and_days_meant_to_differ_do(
    calendar: Calendar, rule: dict[str, Any], waits: list[str], at: datetime, later: int
) -> None:
    now = at + timedelta(minutes=later)
    sent = [step for step in waiting(calendar, rule, waits, at, now) if not step.skip]
    for earlier, following in pairwise(sent):
        goes, then = max(earlier.due_at, now), max(following.due_at, now)
        meant = [step.planned_for.astimezone(calendar.zone).date() for step in (earlier, following)]
        assert goes <= then
        assert meant[0] == meant[1] or goes.astimezone(calendar.zone).date() < then.astimezone(calendar.zone).date()


@few
@given(calendars(), windows(), several, moments)
def test_what_is_sent_step_by_step_is_what_was_simulated(calendar: Calendar, rule: dict[str, Any], waits: list[str], at: datetime) -> None:
    past: list[Past] = []
    for step in waiting(calendar, rule, waits, at, at):
        if not step.skip:
            assert waiting(calendar, rule, waits, at, step.due_at, past)[0] == step
            past.append(Past(step.step, 0, step.due_at, went=True))


@few
@given(calendars(), windows(), several, moments, st.integers(-100, 60 * 24 * 20))
def test_a_reminder_is_out_before_its_visit_or_not_at_all(
    calendar: Calendar, rule: dict[str, Any], before: list[str], visit: datetime, ahead: int
) -> None:
    steps = [make_step(f"s{place}", before_appointment=wait) for place, wait in enumerate(reversed(in_order(before)))]
    now = visit - timedelta(minutes=ahead)
    facts = PlanFacts(now, calendar, facts_from({}), Appointment("visit", 1, visit))
    answer = plan(make_sequence(*steps, window=rule), facts, (), now)
    goes = [max(step.due_at, now) for step in answer if not step.skip]
    assert all(moment < visit for moment in goes)
    assert goes == sorted(goes)
