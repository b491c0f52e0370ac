"""Around an appointment: earlier rather than too late, and anew when the visit moves."""

from typing import Any

from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence
from leads.sequences.plan import Appointment, Past, PlanFacts, PlannedStep, plan
from tests.sequences.conftest import DAYTIME, NEW_HAVEN, at, local, make_sequence, make_step, plan_visit

MORNING = {"from": "07:00", "to": "12:00"}
PREPARE = make_step("prepare", before_appointment="3 days", useful_for="2 days")
TOMORROW = make_step("tomorrow", before_appointment="1 day", useful_for="12 hours")
TODAY = make_step("today", before_appointment="3 hours", useful_for="3 hours", window=MORNING)
AFTER = make_step("after", after_appointment="1 day")
VISIT = make_sequence(PREPARE, TOMORROW, TODAY, AFTER, window=DAYTIME)


def told(steps: list[PlannedStep]) -> list[tuple[str, str]]:
    return [(step.step, step.skip or local(step)) for step in steps]


def test_reminders_count_back_from_the_visit_by_the_wall_clock() -> None:
    assert told(plan_visit(VISIT, "2026-10-09T14:00")) == [
        ("prepare", "2026-10-06T14:00"),
        ("tomorrow", "2026-10-08T14:00"),
        ("today", "2026-10-09T11:00"),
        ("after", "2026-10-13T09:00"),
    ]


def test_a_reminder_for_a_monday_goes_on_friday_never_on_monday() -> None:
    steps = plan_visit(VISIT, "2026-10-19T14:00")
    assert told(steps)[1] == ("tomorrow", "2026-10-16T09:00")
    assert steps[1].moved_by == ("Sun → Fri 09:00",)


def test_two_reminders_pushed_back_onto_one_day_keep_a_day_between_them() -> None:
    steps = plan_visit(VISIT, "2026-10-19T14:00")
    assert told(steps)[0] == ("prepare", "2026-10-15T14:00")
    assert steps[0].moved_by == ("a day before tomorrow → Thu 14:00",)


def test_the_morning_of_an_early_visit_is_as_early_as_the_window() -> None:
    assert told(plan_visit(VISIT, "2026-10-09T08:00"))[2] == ("today", "2026-10-09T07:00")


def test_the_morning_of_a_late_visit_is_still_the_morning() -> None:
    assert told(plan_visit(VISIT, "2026-10-08T18:30"))[2] == ("today", "2026-10-08T07:00")


def test_a_reminder_whose_hours_begin_after_the_visit_goes_the_day_before() -> None:
    soon = make_sequence(make_step("soon", before_appointment="30 minutes"), window=DAYTIME)
    assert told(plan_visit(soon, "2026-10-09T08:00")) == [("soon", "2026-10-08T09:00")]


def test_a_reminder_never_goes_once_the_visit_has_begun() -> None:
    at_the_door = make_sequence(make_step("now", before_appointment="0 minutes"), window="any_time")
    assert told(plan_visit(at_the_door, "2026-10-09T14:00")) == [("now", "too-late")]


def test_booked_the_day_before_leaves_out_what_is_too_late() -> None:
    steps = plan_visit(VISIT, "2026-10-08T14:00", booked="2026-10-07T16:00")
    assert told(steps)[:3] == [("prepare", "too-late"), ("tomorrow", "2026-10-07T14:00"), ("today", "2026-10-08T11:00")]


EVENING = {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "18:00", "to": "20:00"}


def of_one_day(*windows: object) -> Sequence:
    """Two reminders meant for the same moment of the day before the visit, each with a window of its own."""
    keys = ("first", "second")
    return make_sequence(*(make_step(key, before_appointment="1 days", window=window) for key, window in zip(keys, windows, strict=True)))


def test_what_comes_first_is_never_moved_behind_what_comes_second() -> None:
    assert told(plan_visit(of_one_day(EVENING, DAYTIME), "2026-10-09T10:00")) == [
        ("first", "2026-10-07T18:00"),
        ("second", "2026-10-08T10:00"),
    ]
    assert told(plan_visit(of_one_day(DAYTIME, EVENING), "2026-10-09T10:00")) == [
        ("first", "2026-10-08T10:00"),
        ("second", "2026-10-08T18:00"),
    ]


def test_what_could_only_go_behind_the_second_is_left_out() -> None:
    steps = plan_visit(of_one_day(EVENING, DAYTIME), "2026-10-09T10:00", booked="2026-10-08T08:00")
    assert told(steps) == [("first", "overtaken"), ("second", "2026-10-08T10:00")]


def test_of_two_late_reminders_on_one_day_only_the_nearer_goes() -> None:
    steps = plan_visit(VISIT, "2026-10-19T14:00", booked="2026-10-16T12:00")
    assert told(steps)[:2] == [("prepare", "overtaken"), ("tomorrow", "2026-10-16T09:00")]


def test_without_a_visit_nothing_is_counted_from_it() -> None:
    facts = PlanFacts(at("2026-10-06T10:00"), NEW_HAVEN, facts_from({}))
    assert {step.skip for step in plan(VISIT, facts, (), facts.anchor)} == {"no-appointment"}


def moved(version: int, *past: Past) -> list[tuple[str, int, dict[str, Any]]]:
    facts = PlanFacts(at("2026-10-01T10:00"), NEW_HAVEN, facts_from({}), Appointment("visit", version, at("2026-10-20T14:00")))
    return [(step.step, step.occurrence, dict(step.depends_on)) for step in plan(VISIT, facts, past, at("2026-10-12T10:00"))]


def test_a_reminder_sent_for_the_old_time_is_sent_again_for_the_new() -> None:
    past = Past("prepare", 0, at("2026-10-09T10:00"), went=True, depends_on={"appointment": "visit", "version": 1})
    assert moved(2, past)[0] == ("prepare", 1, {"appointment": "visit", "version": 2})


def test_a_reminder_sent_for_this_very_time_is_not_sent_again() -> None:
    past = Past("prepare", 0, at("2026-10-09T10:00"), went=True, depends_on={"appointment": "visit", "version": 2})
    assert [step for step, _, _ in moved(2, past)] == ["tomorrow", "today", "after"]


def test_a_cancelled_visit_leaves_what_went_alone() -> None:
    past = Past("prepare", 0, at("2026-10-09T10:00"), went=True, depends_on={"appointment": "visit", "version": 2})
    facts = PlanFacts(at("2026-10-01T10:00"), NEW_HAVEN, facts_from({}))
    assert "prepare" not in [step.step for step in plan(VISIT, facts, (past,), at("2026-10-12T10:00"))]
