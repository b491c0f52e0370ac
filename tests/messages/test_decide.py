"""A person settles what the machine cannot know, once."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import Conflict, Invalid
from leads.messages.decide import decide
from leads.messages.models import Message
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import ACTOR, make_lead


@pytest.fixture
def unknown(session: Session, due: Callable[..., Message]) -> Message:
    message = due(lead_id=make_lead(session).id)
    message.state, message.reason, message.state_at = "unknown", "no-answer", now()
    session.flush()
    return message


@pytest.mark.parametrize(("verdict", "state"), [("sent", "sent"), ("failed", "failed"), ("again", "planned")])
def test_each_verdict_ends_the_doubt(session: Session, unknown: Message, verdict: str, state: str) -> None:
    decide(session, unknown.id, verdict, actor=ACTOR)
    assert (unknown.state, unknown.reason) == (state, "decided")


def test_what_is_no_longer_unknown_is_not_decided_again(session: Session, unknown: Message) -> None:
    decide(session, unknown.id, "sent", actor=ACTOR)
    with pytest.raises(Conflict, match="it is sent"):
        decide(session, unknown.id, "again", actor=ACTOR)


def test_another_verdict_is_refused(session: Session, unknown: Message) -> None:
    with pytest.raises(Invalid, match="sent, failed, again"):
        decide(session, unknown.id, "maybe", actor=ACTOR)


def test_the_todo_to_settle_it_is_done(session: Session, unknown: Message) -> None:
    open_todo(session, "settle-unknown", person_id=unknown.person_id, lead_id=unknown.lead_id, due_at=now())
    decide(session, unknown.id, "sent", actor=ACTOR)
    assert session.scalars(select(Todo.outcome)).one() == "sent"
