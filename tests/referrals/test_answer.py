"""The sender answers, or takes it back; a colleague learns of it at once."""

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
from leads.referrals.answer import answer, withdraw
from leads.referrals.ask import ask
from tests.cast import ACTOR
from tests.loop.cast import bring_to, make_referral, todos, told

Advance = Callable[[timedelta], None]
REFERRER = "provider:00000000-0000-7000-8000-000000000002"


def test_an_answer_starts_our_clock_and_asks_a_colleague_to_read_it(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    ask(session, referral, ["Medication list"], actor=ACTOR)
    tuesday(timedelta(days=2))
    answer(session, referral, "Sertraline 100 mg", actor=REFERRER, by="Ana Rivera")
    assert (referral.state, referral.expected_by) == ("received", expected_by("woodbury", now()))
    assert todos(session, referral) == ["read-answer"]


def test_an_answer_stops_the_reminders(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    ask(session, referral, ["Medication list"], actor=ACTOR)
    answer(session, referral, "Sertraline 100 mg", actor=REFERRER)
    assert referral.nudge_at is None


def test_a_question_that_has_not_gone_out_is_not_asked_once_it_is_answered(session: Session) -> None:
    referral = make_referral(session)
    ask(session, referral, ["Medication list"], actor=ACTOR)
    session.flush()
    answer(session, referral, "Sertraline 100 mg", actor=REFERRER)
    question = session.scalars(select(Message).where(Message.template == "referral-needs-information")).one()
    assert (question.state, question.reason) == ("cancelled", "no-longer-missing")


def test_an_answer_returns_to_where_the_question_came_from(session: Session) -> None:
    referral = bring_to(session, make_referral(session), "accepted")
    ask(session, referral, ["Medication list"], actor=ACTOR)
    answer(session, referral, "Sertraline 100 mg", actor=REFERRER)
    assert referral.state == "accepted"


def test_nobody_answers_what_was_not_asked(session: Session) -> None:
    with pytest.raises(Conflict):
        answer(session, make_referral(session), "Something", actor=REFERRER)


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001])
def test_an_answer_needs_words_and_an_end(session: Session, text: str) -> None:
    referral = make_referral(session)
    ask(session, referral, ["Medication list"], actor=ACTOR)
    with pytest.raises(Invalid):
        answer(session, referral, text, actor=REFERRER)


def test_a_withdrawal_waits_for_a_colleague_and_is_seen_as_asked_for(session: Session) -> None:
    referral = make_referral(session)
    withdraw(session, referral, "Moved away", actor=REFERRER)
    assert todos(session, referral) == ["confirm-withdrawal"]
    assert seen(session, referral).words == "Withdrawal asked for"
    assert told(session, referral) == ["referral-received"]


def test_a_withdrawal_needs_a_reason_and_something_to_withdraw(session: Session) -> None:
    with pytest.raises(Invalid):
        withdraw(session, make_referral(session), " ", actor=REFERRER)
    with pytest.raises(Conflict):
        withdraw(session, bring_to(session, make_referral(session, family_name="Ortiz", npi=None), "closed"), "Late", actor=REFERRER)


def test_risk_words_in_an_answer_are_read_by_a_clinician_today(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    ask(session, referral, ["Risk assessment"], actor=ACTOR)
    answer(session, referral, "Denies suicidal ideation.", actor=REFERRER)
    assert todos(session, referral) == ["read-answer", "risk-review"]
