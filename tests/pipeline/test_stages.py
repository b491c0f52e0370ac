"""One table says what may be done with a lead; nothing else is offered, nothing else is taken."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.errors import Conflict, Forbidden, Invalid, StaleVersion
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead, StageChange
from leads.pipeline.stages import MOVES, STAGES, actions, move
from leads.todos.models import Todo
from leads.todos.open import finish, open_todo
from tests.cast import ACTOR, make_lead

BOTH = ("coordinator", "clinician")


def to(session: Session, lead: Lead, stage: str, **changes: object) -> Lead:
    values = {"version": lead.version, "actor": ACTOR, "roles": BOTH} | changes
    return move(session, lead.id, stage, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("stage", STAGES)
def test_every_action_offered_is_taken(session: Session, stage: str) -> None:
    for action in actions(Lead(stage=stage, version=1), BOTH):
        lead = make_lead(session, stage=stage)
        assert to(session, lead, action.to, reason="because", outcome="not-a-fit").stage == action.to


@pytest.mark.parametrize(
    ("stage", "target"), [(a, b) for a in STAGES for b in STAGES if not any(a in m.sources and m.to == b for m in MOVES)]
)
def test_every_other_move_is_refused_with_what_is_possible(session: Session, stage: str, target: str) -> None:
    with pytest.raises(Conflict, match="can become"):
        to(session, make_lead(session, stage=stage), target, reason="because", outcome="not-a-fit")


def test_only_a_clinician_qualifies(session: Session) -> None:
    lead = make_lead(session, stage="screening")
    assert [action.why_not for action in actions(lead, ("coordinator",)) if action.to == "qualified"] == ["for a clinician"]
    with pytest.raises(Forbidden):
        to(session, lead, "qualified", roles=("coordinator",))


def test_closing_needs_a_known_outcome(session: Session) -> None:
    lead = make_lead(session)
    with pytest.raises(Invalid, match="outcome"):
        to(session, lead, "closed")
    with pytest.raises(Invalid, match="cannot-reach"):
        to(session, lead, "closed", outcome="gone fishing")


def test_the_second_of_two_coordinators_sees_what_changed(session: Session) -> None:
    lead = make_lead(session)
    to(session, lead, "contacted")
    with pytest.raises(StaleVersion, match="contacted now"):
        to(session, lead, "closed", version=1, outcome="cannot-reach")


def test_reopening_keeps_the_first_closure(session: Session) -> None:
    lead = make_lead(session)
    to(session, lead, "closed", outcome="cannot-reach")
    first = lead.first_closed_at
    to(session, lead, "contacted", reason="She called back.")
    to(session, lead, "closed", outcome="not-a-fit")
    assert (lead.first_closed_at, lead.first_outcome, lead.outcome) == (first, "cannot-reach", "not-a-fit")


def test_a_lead_is_not_reopened_beside_a_newer_one_of_the_same_person(session: Session) -> None:
    lead = make_lead(session)
    to(session, lead, "closed", outcome="cannot-reach")
    newer = make_lead(session, session.get_one(Person, lead.person_id))
    with pytest.raises(Conflict, match=f"written again since: {newer.number} is open"):
        to(session, lead, "contacted", reason="She called back.")


def test_each_move_is_written_down_with_who_and_why(session: Session) -> None:
    lead = make_lead(session, stage="screening")
    to(session, lead, "contacted", reason="Asked for more time.")
    change = session.scalars(select(StageChange)).one()
    assert (change.from_stage, change.to_stage, change.reason, change.actor) == ("screening", "contacted", "Asked for more time.", ACTOR)


def test_having_spoken_keeps_the_promise_and_ends_the_call_todo(session: Session) -> None:
    lead = make_lead(session)
    open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=lead.expected_by)
    to(session, lead, "contacted")
    assert lead.reached_at is not None
    assert session.scalars(select(Todo.outcome)).one() == "reached"


def test_closing_ends_the_calls_but_not_a_clinicians_todo(session: Session) -> None:
    lead = make_lead(session)
    for kind, role in (("call", "coordinator"), ("safety", "clinician")):
        open_todo(session, kind, person_id=lead.person_id, lead_id=lead.id, due_at=lead.expected_by, role=role)
    to(session, lead, "closed", outcome="cannot-reach")
    assert dict(session.execute(select(Todo.kind, Todo.outcome)).all()) == {"call": "closed", "safety": None}


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_of_two_who_read_the_same_version_only_the_first_moves_it() -> None:
    with transaction() as session:
        number = make_lead(session).number
    with transaction() as slower:
        seen = by_number(slower, number)
        with transaction() as faster:
            to(faster, by_number(faster, number), "contacted")
        with pytest.raises(StaleVersion):
            move(slower, seen.id, "contacted", version=1, actor=ACTOR, roles=BOTH)


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_of_two_who_finish_the_same_todo_the_second_is_told() -> None:
    with transaction() as session:
        lead = make_lead(session)
        todo_id = open_todo(session, "look", person_id=lead.person_id, lead_id=lead.id, due_at=now()).id
    with transaction() as slower:
        slower.get_one(Todo, todo_id)
        with transaction() as faster:
            finish(faster, todo_id, actor=ACTOR, outcome="done")
        with pytest.raises(Conflict):
            finish(slower, todo_id, actor=ACTOR, outcome="done")
