"""Something is missing: we ask, our clock rests, theirs runs, and nobody waits unheard."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import Conflict, Invalid
from leads.loop.disclosure import seen
from leads.messages.models import Message
from leads.pipeline.deadlines import expected_by
from leads.pipeline.models import Lead
from leads.pipeline.stages import move
from leads.referrals.ask import ask, go_on
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import ACTOR, make_lead
from tests.loop.cast import ROLES, bring_to, make_referral, make_strange_referral, todos, told

MISSING = ["Blood pressure of the last month", "Medication list"]
Advance = Callable[[timedelta], None]


def test_the_referrer_is_told_once_what_is_missing(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    ask(session, referral, MISSING, note="A photo will do.", actor=ACTOR)
    assert told(session, referral) == ["referral-received", "referral-needs-information"]
    view = seen(session, referral)
    assert (view.state, view.missing, view.note) == ("needs_information", MISSING, "A photo will do.")


def test_the_mail_names_their_date_and_not_what_is_missing(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    ask(session, referral, MISSING, actor=ACTOR)
    mail = session.scalars(select(Message).where(Message.template == "referral-needs-information")).one()
    assert referral.their_promise
    assert mail.facts == {"number": referral.number, "office": "woodbury", "expected_by": referral.their_promise.isoformat()}


def test_our_clock_rests_while_theirs_runs_and_begins_anew(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    call = open_todo(session, "call", person_id=referral.person_id, lead_id=referral.lead_id, due_at=referral.expected_by)
    ask(session, referral, MISSING, actor=ACTOR)
    assert call.due_at == referral.their_promise
    tuesday(timedelta(days=3))
    go_on(session, referral, actor=ACTOR)
    assert [referral.state, referral.their_promise, referral.nudge_at] == ["received", None, None]
    assert call.due_at == referral.expected_by == expected_by("woodbury", now())


def test_a_call_the_patient_asked_for_does_not_wait_for_the_referrer(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session, lead=make_lead(session, source="inquiry"))
    call = open_todo(session, "call", person_id=referral.person_id, lead_id=referral.lead_id, due_at=referral.expected_by)
    ask(session, referral, MISSING, actor=ACTOR)
    assert call.due_at == referral.expected_by


@pytest.mark.parametrize("is_known", [True, False])
def test_a_sender_who_may_not_know_is_phoned_instead(session: Session, tuesday: Advance, is_known: bool) -> None:
    referral = make_referral(session, grant=False) if is_known else make_strange_referral(session)
    ask(session, referral, MISSING, actor=ACTOR)
    assert told(session, referral) == ["referral-received"]
    assert (todos(session, referral), referral.nudge_at) == (["phone-referrer"], None)


def test_a_sender_without_an_address_is_phoned_instead(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session, email=None)
    ask(session, referral, MISSING, actor=ACTOR)
    todo = session.scalars(select(Todo).where(Todo.kind == "phone-referrer")).one()
    assert todo.note == f"{referral.number}: Blood pressure of the last month; Medication list"


def test_the_call_to_the_referrer_is_done_with_when_we_go_on(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session, grant=False)
    ask(session, referral, MISSING, actor=ACTOR)
    go_on(session, referral, note="Read out by phone", actor=ACTOR)
    assert todos(session, referral) == []


def test_two_referrers_of_one_person_are_two_calls(session: Session, tuesday: Advance) -> None:
    first = make_strange_referral(session)
    second = make_strange_referral(session, lead=session.get_one(Lead, first.lead_id))
    for referral in (first, second):
        ask(session, referral, MISSING, actor=ACTOR)
    assert todos(session, first) == ["phone-referrer", "phone-referrer"]
    go_on(session, first, actor=ACTOR)
    assert todos(session, first) == ["phone-referrer"]


@pytest.mark.parametrize("missing", [[], ["  "], ["x"] + [f"thing {n}" for n in range(10)], ["x" * 301]])
def test_a_question_without_a_thing_or_with_too_many_is_refused(session: Session, missing: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        ask(session, make_referral(session), missing, actor=ACTOR)
    assert refused.value.errors[0].field == "missing"


def test_what_has_ended_is_not_asked_about(session: Session) -> None:
    with pytest.raises(Conflict, match="reopen"):
        ask(session, bring_to(session, make_referral(session), "declined"), MISSING, actor=ACTOR)


def test_a_referral_that_waited_is_where_its_lead_has_got_meanwhile(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    ask(session, referral, MISSING, actor=ACTOR)
    move(session, referral.lead_id, "contacted", version=1, actor=ACTOR, roles=ROLES)
    assert referral.state == "needs_information"
    go_on(session, referral, actor=ACTOR)
    assert referral.state == "accepted"
    assert told(session, referral)[-1] == "referral-accepted"
