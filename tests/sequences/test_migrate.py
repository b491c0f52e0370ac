"""Enrolments stay on their version until somebody moves them, and then nobody hears anything twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.errors import NotFound
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.sequences.census import census
from leads.sequences.migrate import Move, migrate, rehearse
from leads.sequences.models import Enrolment, SequenceVersion
from leads.sequences.replan import Diff, replan
from leads.sequences.stop import stop_for
from leads.todos.models import Todo
from tests.cast import ACTOR, make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, send, states_of

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
ONE = make_step("one", wait="0 minutes", template="office-location")
TWO = make_step("two", wait="4 days", template="iv-and-im")
THREE = make_step("three", wait="8 days", template="still-here")


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    return make_lead(session)


@pytest.fixture
def story(session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> Enrolment:
    publish_only(session, monkeypatch, make_sequence(ONE, TWO, THREE, stops_on=["hold", "stage:closed"]))
    enrolment = enrolled(session, lead, "story")
    send(session, rows_of(session, enrolment)[0])
    return enrolment


@pytest.fixture
def become(session: Session, story: Enrolment, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Move]]:
    def verb(*steps: dict[str, Any]) -> list[Move]:
        publish_only(session, monkeypatch, make_sequence(*steps, stops_on=["hold", "stage:closed"]))
        return migrate(session, "story", actor=ACTOR)

    return verb


Become = Callable[..., list[Move]]


def did(moves: list[Move]) -> dict[str, str]:
    return {line.step: line.did for line in moves[0].lines}


def test_a_changed_file_moves_nobody_by_itself(session: Session, story: Enrolment, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, make_sequence(ONE))
    assert replan(session, story, actor="system") == Diff(unchanged=2)
    assert [(each.number, each.is_current, each.running) for each in census(session)] == [(2, True, 0), (1, False, 1)]


def test_a_removed_step_is_cancelled_and_what_was_had_stays_had(session: Session, story: Enrolment, become: Become) -> None:
    assert did(become(ONE, THREE)) == {"one": "had", "two": "cancelled", "three": "unchanged"}
    assert states_of(session, story)["two"] == ("cancelled", "no-longer-planned")


def test_a_renamed_step_does_not_bring_the_same_mail_again(session: Session, story: Enrolment, become: Become) -> None:
    assert did(become(ONE | {"key": "first"}, TWO, THREE))["first"] == "left-out"
    assert states_of(session, story)["first"] == ("skipped", "had-already")


def test_a_renamed_step_still_to_come_comes_once(session: Session, story: Enrolment, become: Become) -> None:
    assert did(become(ONE, TWO | {"key": "second"}, THREE)) == {"one": "had", "two": "cancelled", "second": "created", "three": "unchanged"}


def test_a_step_added_in_the_past_is_not_made_up_for(session: Session, story: Enrolment, become: Become, tuesday: Advance) -> None:
    tuesday(2 * DAY)
    early = make_step("early", wait="1 day", template="how-ketamine-works")
    assert did(become(ONE, early, TWO, THREE))["early"] == "left-out"
    assert states_of(session, story)["early"] == ("skipped", "added-late")
    assert replan(session, story, actor="system") == Diff(unchanged=2)


def test_a_step_added_ahead_is_planned(session: Session, story: Enrolment, become: Become) -> None:
    assert did(become(ONE, TWO, make_step("between", wait="6 days"), THREE))["between"] == "left-out"
    assert did(become(ONE, TWO, make_step("again", wait="6 days", template="who-it-is-for"), THREE))["again"] == "created"


def test_a_retimed_step_moves(session: Session, story: Enrolment, become: Become) -> None:
    due = rows_of(session, story)[1].due_at
    assert did(become(ONE, TWO | {"wait": "5 days"}, THREE))["two"] == "updated"
    assert rows_of(session, story)[1].due_at == due + DAY


def test_a_step_with_new_words_says_the_new_ones(session: Session, story: Enrolment, become: Become) -> None:
    become(ONE, TWO | {"template": "screening-reminder-1", "lane": "reminder"}, THREE)
    row = rows_of(session, story)[1]
    assert (row.template, row.topic, row.lane) == ("screening-reminder-1", "screening", "reminder")


def test_a_to_do_added_in_the_past_holds_nobody_back(session: Session, story: Enrolment, become: Become, tuesday: Advance) -> None:
    tuesday(2 * DAY)
    become(ONE, {"key": "call-them", "todo": "call", "wait": "1 day"}, TWO, THREE)
    assert states_of(session, story)["two"] == ("planned", None)
    assert session.scalars(select(Todo.outcome)).all() == ["passed"]


def test_a_to_do_added_ahead_holds_back_what_follows(session: Session, story: Enrolment, become: Become) -> None:
    assert did(become(ONE, {"key": "call-them", "todo": "call", "wait": "1 day"}, TWO, THREE)) == {
        "one": "had", "two": "cancelled", "three": "cancelled",
    }  # fmt: skip
    assert states_of(session, story)["two"] == ("skipped", "waits-for-todo")


def test_who_drew_a_variant_keeps_it_whatever_the_weights_are_now(session: Session, story: Enrolment, become: Become) -> None:
    for weights in ((1, 1000), (1000, 1)):
        tried = [{"template": name, "weight": weight} for name, weight in zip(("iv-and-im", "who-it-is-for"), weights, strict=True)]
        become(ONE, make_step("two", wait="4 days", template=None, variants=tried), THREE)
        assert rows_of(session, story)[1].template == "iv-and-im"


def test_a_rehearsal_tells_the_same_and_changes_nothing(session: Session, story: Enrolment, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, make_sequence(ONE, THREE))
    before, version = states_of(session, story), story.version_id
    rehearsed = rehearse(session, "story", actor=ACTOR)
    session.refresh(story)
    assert (states_of(session, story), story.version_id) == (before, version)
    assert migrate(session, "story", actor=ACTOR) == rehearsed


def test_a_second_time_moves_nobody(session: Session, become: Become) -> None:
    assert len(become(ONE, THREE)) == 1
    assert become(ONE, THREE) == []


def test_one_may_go_back(session: Session, story: Enrolment, become: Become) -> None:
    become(ONE, THREE)
    migrate(session, "story", to=1, actor=ACTOR)
    assert session.get_one(SequenceVersion, story.version_id).number == 1
    with pytest.raises(NotFound, match="there are 1, 2"):
        migrate(session, "story", to=9, actor=ACTOR)


def test_who_rests_under_a_hold_is_left_alone(session: Session, lead: Lead, story: Enrolment, become: Become) -> None:
    stop_for(session, "hold", person_id=lead.person_id, actor="system")
    assert become(ONE, THREE) == []


def test_each_move_is_on_record(session: Session, become: Become) -> None:
    become(ONE, THREE)
    session.flush()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "sequence.migrated")).one()
    assert (entry.actor, entry.detail["before"], entry.detail["after"]) == (ACTOR, 1, 2)


def test_no_step_is_put_down_twice(session: Session, story: Enrolment, become: Become) -> None:
    become(ONE, THREE)
    become(ONE, TWO, THREE)
    steps = session.scalars(select(Message.step).where(Message.enrolment_id == story.id, Message.state == "planned")).all()
    assert sorted(step or "" for step in steps) == ["three"]
