"""What holds for every kind of step, before a visit and after it too, wherever the visit lies and however late it is booked or moved."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leads.clock import Calendar
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence
from leads.sequences.place import Appointment, Past, PlanFacts
from leads.sequences.plan import WAITS, PlannedStep, plan
from tests.sequences.test_properties import calendars, lies_inside, moments, repeated
from tests.sequences.worlds import definitions, few, step_called

minutes = st.integers(-60 * 24 * 20, 60 * 24 * 40).map(lambda count: timedelta(minutes=count))
versions = st.integers(1, 2)
OVERDUE = ("its time had passed", "a rest until")


def world(calendar: Calendar, begun: datetime, visit: datetime, rest: timedelta, version: int = 1) -> PlanFacts:
    paused = begun + rest if rest > timedelta() else None
    return PlanFacts(begun, calendar, facts_from({"visit.missed": True}), Appointment("v", version, visit), paused, whose="somebody")


def going(steps: list[PlannedStep], now: datetime) -> list[tuple[PlannedStep, datetime]]:
    """Return what goes out or is opened, and when: what is overdue in an open window goes at once."""
    return [(step, max(step.due_at, now)) for step in steps if not step.skip]


@few
@given(definitions(), calendars(), moments, minutes, minutes, minutes)
def test_every_moment_lies_in_its_window_by_the_offices_wall(
    sequence: Sequence, calendar: Calendar, begun: datetime, ahead: timedelta, later: timedelta, rest: timedelta
) -> None:
    now = begun + max(later, timedelta())
    for step, goes in going(plan(sequence, world(calendar, begun, begun + ahead, rest), (), now), now):
        assert step.window.is_open(calendar, goes)
        assert lies_inside(step.window, calendar, goes) or repeated(calendar, goes)


@few
@given(definitions(), calendars(), moments, minutes, minutes)
def test_what_follows_moves_on_and_what_comes_before_a_visit_is_never_a_day_late(
    sequence: Sequence, calendar: Calendar, begun: datetime, ahead: timedelta, later: timedelta
) -> None:
    now, visit = begun + max(later, timedelta()), begun + ahead
    for step, goes in going(plan(sequence, world(calendar, begun, visit, timedelta()), (), now), now):
        if step_called(sequence, step.step).before_appointment is None:
            assert step.due_at >= step.planned_for
        elif not any(rule.startswith(OVERDUE) for rule in step.moved_by):
            assert step.due_at.astimezone(calendar.zone).date() <= step.planned_for.astimezone(calendar.zone).date()
        assert step_called(sequence, step.step).todo or step_called(sequence, step.step).before_appointment is None or goes < visit


@few
@given(definitions(), calendars(), moments, minutes, minutes, minutes)
def test_nothing_but_an_answer_goes_into_a_rest(
    sequence: Sequence, calendar: Calendar, begun: datetime, ahead: timedelta, later: timedelta, rest: timedelta
) -> None:
    now, facts = begun + max(later, timedelta()), world(calendar, begun, begun + ahead, rest)
    for step, goes in going(plan(sequence, facts, (), now), now):
        assert step.lane == "transactional" or facts.paused_until is None or goes >= facts.paused_until


@few
@given(definitions(), calendars(), moments, minutes, minutes, versions)
def test_a_moved_visit_says_again_what_hangs_on_it_and_nothing_twice(
    sequence: Sequence, calendar: Calendar, begun: datetime, ahead: timedelta, moved: timedelta, version: int
) -> None:
    before = plan(sequence, world(calendar, begun, begun + ahead, timedelta()), (), begun)
    gone = [Past(step.step, 0, goes, went=True, depends_on=step.depends_on) for step, goes in going(before, begun)][:3]
    now = max((past.at for past in gone), default=begun)
    after = plan(sequence, world(calendar, begun, begun + ahead + moved, timedelta(), version), gone, now)
    for past in gone:
        hangs = bool(past.depends_on) and version > 1
        assert [step.occurrence for step in after if step.step == past.step] == ([1] if hangs else [])


@few
@given(definitions(), calendars(), moments, minutes, minutes)
def test_planning_is_an_answer_not_a_walk(
    sequence: Sequence, calendar: Calendar, begun: datetime, ahead: timedelta, later: timedelta
) -> None:
    facts, now = world(calendar, begun, begun + ahead, timedelta()), begun + max(later, timedelta())
    answer = plan(sequence, facts, (), now)
    assert plan(sequence, facts, (), now) == answer
    assert [step.step for step in answer] == [step.key for step in sequence.steps]


@few
@given(definitions(), calendars(), moments, minutes)
def test_mails_of_a_chain_keep_their_order_and_a_to_do_holds_what_follows(
    sequence: Sequence, calendar: Calendar, begun: datetime, ahead: timedelta
) -> None:
    answer = {step.step: step for step in plan(sequence, world(calendar, begun, begun + ahead, timedelta()), (), begun)}
    for name in ("wait", "before_appointment", "after_appointment"):
        chain = [answer[step.key] for step in sequence.steps if getattr(step, name)]
        mails = [max(step.due_at, begun) for step in chain if step.template and not step.skip]
        assert mails == sorted(mails)
        for earlier, later in pairwise(chain):
            if name != "before_appointment" and ((earlier.todo and not earlier.skip) or earlier.skip == WAITS):
                assert later.skip == WAITS
