"""A person answers: sequences end or rest, somebody reads it, and the mail that was answered is remembered."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import paused_until
from leads.pipeline.models import Lead
from leads.sequences.answer import QUIET, replied
from leads.sequences.hand_over import due, open_due
from leads.sequences.models import Enrolment, Reply
from leads.sequences.rest import pause
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of, send, states_of

Advance = Callable[[timedelta], None]


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    return make_lead(session)


@pytest.fixture
def inquiry(session: Session, lead: Lead) -> Enrolment:
    return enrolled(session, lead)


def answer(session: Session, lead: Lead) -> Reply:
    reply = replied(session, lead.person_id, lead_id=lead.id, actor="system")
    session.flush()
    return reply


def test_no_sequence_goes_on_over_a_reply(session: Session, lead: Lead, inquiry: Enrolment) -> None:
    answer(session, lead)
    due = [row.due_at for row in rows_of(session, inquiry) if row.lane != "transactional"]
    assert min(due) >= now() + QUIET
    assert paused_until(session, lead.person_id) == now() + QUIET


def test_a_sequence_that_names_replies_ends_with_one(session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, make_sequence(make_step("one", wait="2 days"), stops_on=["reply"]))
    story = enrolled(session, lead, "story")
    answer(session, lead)
    assert states_of(session, story) == {"one": ("cancelled", "reply")}


def test_somebody_is_asked_to_read_it_once(session: Session, lead: Lead) -> None:
    answer(session, lead)
    answer(session, lead)
    assert [todo.kind for todo in session.scalars(select(Todo))] == ["read-reply"]


def test_it_is_held_against_the_newest_mail(session: Session, lead: Lead, inquiry: Enrolment, tuesday: Advance) -> None:
    first, second = rows_of(session, inquiry)[:2]
    send(session, first)
    tuesday(timedelta(days=3))
    send(session, second)
    assert answer(session, lead).message_id == second.id


def test_a_longer_rest_stays_as_long_as_it_was(session: Session, lead: Lead) -> None:
    pause(session, lead.person_id, now() + 3 * QUIET, reason="asked", actor="system")
    answer(session, lead)
    assert paused_until(session, lead.person_id) == now() + 3 * QUIET


def test_a_call_that_others_want_stays_open_and_the_sequence_goes_on(
    session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch, tuesday: Advance
) -> None:
    steps = ({**make_step("call", wait="0 days"), "stops_on": ["reply"]}, make_step("mail", wait="0 days", useful_for="20 days"))
    call = {name: value for name, value in steps[0].items() if name in ("key", "wait", "stops_on")} | {"todo": "call"}
    publish_only(session, monkeypatch, make_sequence(call, steps[1]))
    own = open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=now())
    enrolment = enrolled(session, lead, "story")
    session.flush()
    for each in due(session):
        open_due(session, each)
    assert own.enrolment_id == enrolment.id
    answer(session, lead)
    session.flush()
    assert (own.done_at, own.enrolment_id) == (None, None)
    assert enrolment.next_todo_at is None
    (mail,) = rows_of(session, enrolment)
    assert (mail.state, mail.reason) == ("planned", None)
