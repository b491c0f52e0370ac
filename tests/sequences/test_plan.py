"""The plan of a sequence: by the local wall clock, in its window, in order, and each move with its rule."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.sequences.conditions import facts_from
from leads.sequences.plan import Past, PlanFacts, plan
from tests.sequences.conftest import ALWAYS_OPEN, DAYTIME, NEW_HAVEN, at, local, make_sequence, make_step, plan_from, waits


def test_days_count_from_the_anchor_not_from_the_step_before() -> None:
    steps = plan_from(make_sequence(*waits("0 minutes", "2 days", "5 days")), "2026-10-06T10:15")
    assert [local(step) for step in steps] == ["2026-10-06T10:15", "2026-10-08T10:15", "2026-10-11T10:15"]


@pytest.mark.parametrize(
    ("anchor", "due", "offset"), [("2026-03-07T10:00", "2026-03-09T10:00", "-04:00"), ("2026-10-31T10:00", "2026-11-02T10:00", "-05:00")]
)
def test_two_days_keep_the_wall_clock_over_both_changes_of_the_clocks(anchor: str, due: str, offset: str) -> None:
    step = plan_from(make_sequence(*waits("2 days")), anchor)[0]
    assert step.local_due == f"{due}:00{offset}[America/New_York]"
    assert step.moved_by == ()


@pytest.mark.parametrize(("anchor", "due"), [("2026-03-07T10:00", "2026-03-08T11:00"), ("2026-10-31T10:00", "2026-11-01T09:00")])
def test_hours_are_counted_through_a_change_of_the_clocks(anchor: str, due: str) -> None:
    assert local(plan_from(make_sequence(*waits("24 hours")), anchor)[0]) == due


def test_a_time_in_the_gap_becomes_the_first_that_exists() -> None:
    step = plan_from(make_sequence(*waits("1 day")), "2026-03-07T02:30")[0]
    assert step.local_due == "2026-03-08T03:00:00-04:00[America/New_York]"
    assert step.moved_by == ("02:30 does not exist on Sun → 03:00",)


def test_a_repeated_time_is_its_first() -> None:
    step = plan_from(make_sequence(*waits("1 day")), "2026-10-31T01:30")[0]
    assert step.local_due == "2026-11-01T01:30:00-04:00[America/New_York]"
    assert step.moved_by == ("01:30 comes twice on Sun → the first",)


def test_no_days_from_the_second_half_past_one_is_now_not_an_hour_ago() -> None:
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    facts = PlanFacts(second, ALWAYS_OPEN, facts_from({}))
    assert plan(make_sequence(*waits("0 days")), facts, (), second)[0].due_at == second


def test_nobody_gets_mail_at_three_in_the_morning_on_a_sunday_or_a_holiday() -> None:
    steps = plan_from(make_sequence(*waits("0 minutes", "2 days", "3 days"), window=DAYTIME), "2026-05-21T03:00")
    assert [local(step) for step in steps] == ["2026-05-21T09:00", "2026-05-26T09:00", "2026-05-27T09:00"]
    assert steps[1].moved_by == ("Sat → Mon", "Memorial Day → Tue 09:00")


def test_christmas_moves_a_mail_past_the_closures_and_says_so() -> None:
    step = plan_from(make_sequence(*waits("1 day"), window=DAYTIME), "2026-12-23T12:00")[0]
    assert local(step) == "2026-12-28T09:00"
    assert step.planned_for == at("2026-12-24T12:00")
    assert step.moved_by == ("Christmas Eve → Fri", "Christmas Day → Sat", "Sat → Mon 09:00")


def test_two_mails_moved_onto_one_morning_keep_a_day_between_them() -> None:
    steps = plan_from(make_sequence(*waits("1 day", "4 days", "5 days", "7 days"), window=DAYTIME), "2026-12-23T12:00")
    assert [local(step) for step in steps] == ["2026-12-28T09:00", "2026-12-29T12:00", "2026-12-30T12:00", "2027-01-04T09:00"]
    assert steps[1].moved_by == ("Sun → Mon 09:00", "a day after step-1 → Tue 12:00")


def test_two_steps_meant_for_one_day_may_stay_on_it_in_their_order() -> None:
    steps = plan_from(make_sequence(*waits("1 day", "26 hours"), window=DAYTIME), "2026-12-23T12:00")
    assert [local(step) for step in steps] == ["2026-12-28T09:00", "2026-12-28T09:00"]


def test_an_early_window_does_not_let_a_later_step_overtake() -> None:
    evening = make_step("evening", wait="1 day", window={"from": "19:00", "to": "21:00"})
    steps = plan_from(make_sequence(evening, make_step("soon", wait="25 hours")), "2026-10-06T10:00")
    assert [local(step) for step in steps] == ["2026-10-07T19:00", "2026-10-07T19:00"]
    assert steps[1].moved_by == ("after evening → Wed 19:00",)


def test_what_answers_an_act_of_the_person_knows_no_hours() -> None:
    at_once = make_step("at-once", wait="0 minutes", lane="transactional")
    steps = plan_from(make_sequence(at_once, *waits("0 minutes"), window=DAYTIME), "2026-10-06T23:00")
    assert [local(step) for step in steps] == ["2026-10-06T23:00", "2026-10-07T09:00"]


def test_a_window_that_never_opens_skips_the_step_instead_of_searching_on() -> None:
    never = {"days": ["sunday"], "business_days": True}
    step = plan_from(make_sequence(*waits("1 day"), window=never), "2026-10-06T10:00")[0]
    assert step.skip == "no-window"


def test_a_step_whose_condition_fails_is_skipped_and_takes_no_day() -> None:
    call = make_step("call", wait="1 day", only_if="has_phone and language == 'en'")
    steps = plan_from(make_sequence(call, *waits("1 day")), "2026-10-06T10:00", has_phone=False)
    assert [(step.skip, local(step)) for step in steps] == [("only-if", "2026-10-07T10:00"), (None, "2026-10-07T10:00")]


def later(words: str, *past: Past, window: object = DAYTIME) -> list[tuple[str, str, str | None]]:
    sequence = make_sequence(*waits("2 days", "5 days", "8 days"), window=window)
    facts = PlanFacts(at("2026-10-05T10:00"), NEW_HAVEN, facts_from({}))
    return [(step.step, local(step), step.skip) for step in plan(sequence, facts, past, at(words))]


def test_ten_days_down_sends_nothing_stale_and_no_flood() -> None:
    assert later("2026-10-15T12:00") == [
        ("step-1", "2026-10-07T10:00", "too-late"),
        ("step-2", "2026-10-13T09:00", None),
        ("step-3", "2026-10-16T10:00", None),
    ]


def test_what_is_overdue_at_night_waits_for_the_morning() -> None:
    assert later("2026-10-08T23:00")[0] == ("step-1", "2026-10-09T09:00", None)


def test_what_is_overdue_in_the_open_window_keeps_its_moment_and_so_goes_at_once() -> None:
    assert later("2026-10-08T12:00")[0] == ("step-1", "2026-10-07T10:00", None)


def test_what_has_gone_is_not_planned_again() -> None:
    past = Past("step-1", 0, at("2026-10-07T10:00"), went=True)
    assert [step for step, _, _ in later("2026-10-08T12:00", past)] == ["step-2", "step-3"]


def test_what_went_late_keeps_the_next_a_day_away() -> None:
    past = Past("step-1", 0, at("2026-10-13T11:00"), went=True)
    assert later("2026-10-13T12:00", past)[0] == ("step-2", "2026-10-14T10:00", None)


def test_what_was_given_up_keeps_nobody_away() -> None:
    past = Past("step-1", 0, at("2026-10-13T11:00"), went=False)
    assert later("2026-10-13T12:00", past)[0] == ("step-2", "2026-10-13T09:00", None)


def test_usefulness_ends_counted_from_the_moved_time() -> None:
    step = plan_from(make_sequence(make_step("one", wait="1 day", useful_for="12 hours"), window=DAYTIME), "2026-12-23T12:00")[0]
    assert step.useful_until - step.due_at == timedelta(hours=12)
