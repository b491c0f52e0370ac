"""How a call ended decides what is needed next."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.errors import Invalid
from leads.people.models import Person
from leads.pipeline.contact import RESULTS, SPOKE, log_call
from leads.pipeline.correct import Word, correct, details_of
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import make_lead

Advance = Callable[[timedelta], None]
CASEY = "account:casey"


@pytest.fixture
def lead(session: Session, tuesday: Advance) -> Lead:
    """A new lead, to be called."""
    made = make_lead(session)
    open_todo(session, "call", person_id=made.person_id, lead_id=made.id, due_at=made.expected_by)
    return made


def open_kinds(session: Session) -> set[str]:
    """What is still to be done."""
    session.flush()
    return set(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))))


@pytest.mark.parametrize("result", RESULTS)
def test_every_end_keeps_the_promise_or_asks_for_another_try(session: Session, lead: Lead, result: str) -> None:
    log_call(session, lead.id, result=result, actor=CASEY)
    assert ("call" in open_kinds(session)) == (result not in SPOKE)
    assert (lead.stage == "contacted") == (result in SPOKE)


def test_for_a_wrong_number_the_right_one_is_looked_for_until_it_is_found(session: Session, lead: Lead) -> None:
    log_call(session, lead.id, result="wrong-number", actor=CASEY)
    assert "wrong-number" in open_kinds(session)
    to = dict(details_of(session.get_one(Person, lead.person_id), lead)) | {"phone": "+12035550177"}
    correct(session, lead.id, to, Word("Ana herself, by mail"), actor=CASEY)
    assert open_kinds(session) == {"call"}


def test_who_asks_for_no_calls_is_reached_another_way(session: Session, lead: Lead) -> None:
    log_call(session, lead.id, result="no-calls", actor=CASEY)
    assert session.get_one(Person, lead.person_id).reach_by == "email"


def test_who_asks_for_no_calls_is_not_to_be_called_again(session: Session, lead: Lead) -> None:
    with pytest.raises(Invalid, match="asked us not to call"):
        log_call(session, lead.id, result="no-calls", again_on=date(2026, 10, 9), actor=CASEY)
