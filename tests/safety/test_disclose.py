"""A disclosure reaches a human, and no automatic mail goes out meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import open_holds
from leads.errors import Forbidden, Invalid, NotFound
from leads.messages.models import Message
from leads.pipeline.confirm import start
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.safety.phrases import found
from leads.safety.release import Disposition, release
from leads.todos.models import Todo
from tests.cast import ACTOR, make_lead

FINE = Disposition("no-danger", "Fine.")


def started(session: Session) -> Lead:
    lead = make_lead(session)
    start(session, lead)
    return lead


def test_every_planned_mail_is_cancelled_with_the_reason(session: Session) -> None:
    lead = started(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    states = set(session.execute(select(Message.state, Message.reason).where(Message.person_id == lead.person_id)))
    assert states == {("cancelled", "hold")}


def test_a_second_disclosure_is_one_todo_and_two_holds(session: Session) -> None:
    lead = make_lead(session)
    first = disclose(session, lead.person_id, lead.id, source="inquiry")
    assert disclose(session, lead.person_id, lead.id, source="reply") is first
    assert len(open_holds(session, lead.person_id)) == 2


def test_only_a_clinician_releases(session: Session) -> None:
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    with pytest.raises(Forbidden):
        release(session, lead.person_id, actor=ACTOR, roles=("coordinator",), disposition=FINE)
    with pytest.raises(Invalid):
        release(session, lead.person_id, actor=ACTOR, roles=("clinician",), disposition=Disposition("no-danger", " "))
    assert open_holds(session, lead.person_id)


def test_release_plans_anew_what_still_lies_ahead(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    lead = started(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    tuesday(timedelta(days=3))
    release(session, lead.person_id, actor=ACTOR, roles=("clinician",), disposition=Disposition("safety-plan", "Spoke; a plan is agreed."))
    states = dict(session.execute(select(Message.step, Message.state).where(Message.step.is_not(None))).all())
    assert states["how-ketamine-works"] == "skipped"
    assert states["iv-and-im"] == "planned"
    assert session.scalars(select(Todo.outcome).where(Todo.kind == "safety")).one() == "released"


def test_there_is_nothing_to_release_without_a_hold(session: Session) -> None:
    with pytest.raises(NotFound):
        release(session, make_lead(session).person_id, actor=ACTOR, roles=("clinician",), disposition=FINE)


@pytest.mark.parametrize(
    "text",
    ["I want to kill myself", "i DON'T want to be here anymore", "I don’t want to live", "self-harm", "self  harm", "no quiero vivir",
     "hacerme dano", "He is better off dead", "no, I am not suicidal", "end\nit\nall", "k\u200bill myself"],
)  # fmt: skip
def test_a_phrase_is_found_however_it_is_typed(text: str) -> None:
    assert found([text])


@pytest.mark.parametrize("text", ["I feel tired", "my dog died", "The suicidology conference", "", None])
def test_other_words_are_left_alone(text: str | None) -> None:
    assert not found([text])
