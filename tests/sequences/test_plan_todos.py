"""A step that is a human's to-do holds back what follows, and the rest is counted from when it was done."""

from leads.sequences.conditions import facts_from
from leads.sequences.plan import Appointment, Past, PlanFacts, PlannedStep, plan
from tests.sequences.conftest import DAYTIME, NEW_HAVEN, at, local, make_sequence, make_step

FIRST = make_step("first", wait="0 minutes")
CALL = {"key": "call-them", "todo": "call", "words": "Ask whether the mails were of help.", "wait": "3 days"}
THEN = make_step("then", wait="5 days")
LAST = make_step("last", wait="8 days")
STORY = make_sequence(FIRST, CALL, THEN, LAST, window=DAYTIME)
ANCHOR = "2026-10-05T10:00"


def planned(now: str, *past: Past, story: object = STORY) -> list[PlannedStep]:
    facts = PlanFacts(at(ANCHOR), NEW_HAVEN, facts_from({}))
    return plan(story, facts, (Past("first", 0, at(ANCHOR), went=True), *past), at(now))  # type: ignore[arg-type]


def told(steps: list[PlannedStep]) -> list[tuple[str, str]]:
    return [(step.step, step.skip or local(step)) for step in steps]


def called(when: str, **own: object) -> Past:
    return Past("call-them", 0, at(when), went=True, **own)  # type: ignore[arg-type]


def test_a_to_do_has_its_time_and_its_words_and_no_mail() -> None:
    step = planned(ANCHOR)[0]
    assert (step.todo, step.words, step.template) == ("call", "Ask whether the mails were of help.", None)
    assert local(step) == "2026-10-08T10:00"


def test_what_follows_waits_and_says_for_what() -> None:
    steps = planned(ANCHOR)
    assert told(steps)[1:] == [("then", "waits-for-todo"), ("last", "waits-for-todo")]
    assert steps[1].moved_by == ("waits for: call them",)


def test_what_follows_an_open_to_do_waits_however_long_it_takes() -> None:
    assert told(planned("2026-11-25T10:00", called("2026-10-08T10:00", is_open=True))) == [
        ("then", "waits-for-todo"), ("last", "waits-for-todo"),
    ]  # fmt: skip


def test_done_on_its_day_the_rest_goes_when_it_would_have() -> None:
    assert told(planned("2026-10-08T10:05", called("2026-10-08T10:05"))) == [("then", "2026-10-13T09:00"), ("last", "2026-10-14T10:05")]


def test_done_before_its_time_nothing_comes_earlier() -> None:
    assert told(planned("2026-10-06T09:00", called("2026-10-06T09:00"))) == [("then", "2026-10-13T09:00"), ("last", "2026-10-14T10:00")]


def test_done_late_the_rest_keeps_its_spacing_from_there() -> None:
    steps = planned("2026-10-19T15:00", called("2026-10-19T15:00"))
    assert told(steps) == [("then", "2026-10-21T15:00"), ("last", "2026-10-26T09:00")]
    assert steps[0].moved_by == ("counted from call-them, done Mon 15:00",)


def test_a_second_to_do_waits_for_the_first() -> None:
    again = {"key": "call-again", "todo": "call", "wait": "6 days"}
    story = make_sequence(FIRST, CALL, THEN, again, LAST, window=DAYTIME)
    assert told(planned("2026-10-19T15:00", called("2026-10-19T15:00"), story=story)) == [
        ("then", "2026-10-21T15:00"), ("call-again", "2026-10-22T15:00"), ("last", "waits-for-todo"),
    ]  # fmt: skip


def test_a_to_do_whose_condition_fails_holds_nothing_back() -> None:
    story = make_sequence(FIRST, CALL | {"only_if": "not has_phone"}, THEN)
    assert told(planned(ANCHOR, story=story)) == [("call-them", "only-if"), ("then", "2026-10-10T10:00")]


def test_hours_and_days_are_told_apart_when_counting_from_a_late_call() -> None:
    story = make_sequence(FIRST, CALL | {"wait": "70 hours"}, THEN | {"wait": "4 days"})
    assert told(planned("2026-10-19T15:00", called("2026-10-19T15:00"), story=story)) == [("then", "2026-10-20T17:00")]


def test_a_visit_does_not_wait_for_our_call() -> None:
    ring = {"key": "ring", "todo": "call", "before_appointment": "2 days"}
    story = make_sequence(ring, make_step("tomorrow", before_appointment="1 day"))
    facts = PlanFacts(at(ANCHOR), NEW_HAVEN, facts_from({}), Appointment("visit", 1, at("2026-10-20T14:00")))
    assert told(plan(story, facts, (), at(ANCHOR))) == [("ring", "2026-10-18T14:00"), ("tomorrow", "2026-10-19T14:00")]
