"""Mail at the wrong time, as users of other systems met it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from leads.clinic.windows import Window
from leads.clock import Calendar
from leads.db import transaction
from leads.messages.models import Message
from leads.sequences.conditions import facts_from
from leads.sequences.hand_over import open_due
from leads.sequences.models import Enrolment
from leads.sequences.plan import Past, PlanFacts, plan
from leads.sequences.replan import replan
from leads.sequences.stop import stop_for
from leads.todos.models import Todo
from tests.cast import make_lead
from tests.sequences.conftest import DAYTIME, NEW_HAVEN, at, enrolled, local, make_sequence, make_step, publish_only, waits
from tests.sequences.test_properties import lies_inside

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/")))
BOTH_CHANGES = (
    "2026-03-06",
    "2026-03-07",
    "2026-03-08",
    "2026-03-28",
    "2026-03-29",
    "2026-10-24",
    "2026-10-25",
    "2026-10-31",
    "2026-11-01",
)
CALL = {"key": "call-them", "todo": "call", "wait": "1 day"}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(BOTH_CHANGES), st.integers(0, 23), st.integers(0, 59))
def test_no_zone_and_no_change_of_the_clocks_gives_a_wrong_local_hour(zone: str, day: str, hour: int, minute: int) -> None:
    calendar = Calendar(ZoneInfo(zone), {})
    start = at(f"{day}T{hour:02}:{minute:02}", calendar.zone)
    sequence = make_sequence(*waits("0 minutes", "1 day", "2 days", "3 days"), window={"from": "09:00", "to": "18:00"})
    for step in plan(sequence, PlanFacts(start, calendar, facts_from({})), (), start):
        assert lies_inside(sequence.window, calendar, step.due_at)
        assert start <= step.due_at <= start + timedelta(days=6)


def test_hours_and_holidays_hold_after_a_branch_too() -> None:
    branch = make_step("branch", wait="1 day", only_if="has_phone")
    sequence = make_sequence(branch, CALL, make_step("then", wait="2 days"), window=DAYTIME)
    done_on_a_sunday_night = Past("call-them", 0, at("2026-05-24T23:30"), went=True)
    facts = PlanFacts(at("2026-05-20T10:00"), NEW_HAVEN, facts_from({"has_phone": False}))
    steps = plan(sequence, facts, (done_on_a_sunday_night,), at("2026-05-24T23:30"))
    assert [(step.step, step.skip or local(step)) for step in steps] == [("branch", "only-if"), ("then", "2026-05-26T09:00")]


def test_a_window_over_midnight_and_a_clock_change_still_ends() -> None:
    night = Window.model_validate({"from": "22:00", "to": "02:30", "days": ["saturday"]})
    sequence = make_sequence(*waits("0 minutes"), window=night.model_dump(by_alias=True, exclude_defaults=True))
    start = at("2026-10-31T23:59")
    assert plan(sequence, PlanFacts(start, NEW_HAVEN, facts_from({})), (), start)[0].due_at == start


@pytest.mark.committed
def test_two_clocks_open_a_to_do_once(
    postgres: str, database: None, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        publish_only(session, monkeypatch, make_sequence(CALL, make_step("then", wait="2 days")))
        enrolment_id = enrolled(session, make_lead(session), "story").id
    tuesday(timedelta(days=2))
    together(*[lambda: tick(enrolment_id)] * 6)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Todo)) == 1


@pytest.mark.committed
def test_a_stop_is_not_undone_by_a_plan_made_at_the_same_moment(
    postgres: str, database: None, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        publish_only(session, monkeypatch, make_sequence(*waits("2 days", "5 days"), stops_on=["stage:closed"]))
        enrolments = [enrolled(session, make_lead(session), "story") for _ in range(6)]
    for each in enrolments:
        together(lambda each=each: plan_again(each.id), lambda each=each: close(each), lambda each=each: plan_again(each.id))
    with transaction() as session:
        assert set(session.scalars(select(Message.state))) == {"cancelled"}


def tick(enrolment_id: object) -> None:
    with transaction() as session:
        open_due(session, enrolment_id)  # type: ignore[arg-type]


def plan_again(enrolment_id: object) -> None:
    with transaction() as session:
        replan(session, session.get_one(Enrolment, enrolment_id), actor="system")


def close(enrolment: Enrolment) -> None:
    with transaction() as session:
        stop_for(session, "stage:closed", lead_id=enrolment.lead_id, actor="system")


def together(*verbs: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def run(verb: Callable[[], None]) -> None:
        try:
            verb()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
