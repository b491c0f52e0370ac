"""Sending a screening: scored, sorted, reminders stopped and a clinician asked, all at once and only once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import real_now
from leads.errors import Conflict, Forbidden
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.pipeline.stages import move
from leads.pipeline.worklist import Filters, count_by_need
from leads.screening.begin import begin
from leads.screening.models import Screening
from leads.screening.questionnaire import definition
from leads.screening.save import save_page
from leads.screening.submit import mark_reviewed, submit
from leads.screening.trend import trend
from leads.todos.models import Todo
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.screening.cast import answers

ME = "person:test"


def answer(session: Session, screening: Screening, **changes: Any) -> None:
    """Save every page with answers against which nothing stands, but for the changes."""
    given = answers(**changes)
    for page in definition().asked.pages:
        asked = {question.key for question in definition().questions(page)}
        save_page(session, screening.id, page.key, {key: value for key, value in given.items() if key in asked}, actor=ME)
    session.flush()


def reminders(session: Session, lead: Lead) -> list[Message]:
    theirs = select(Message).where(Message.lead_id == lead.id, Message.topic == "screening", Message.state == "planned")
    return list(session.scalars(theirs.where(Message.template != "screening-thanks")))


def todo(session: Session, lead: Lead) -> Todo | None:
    return session.scalar(select(Todo).where(Todo.lead_id == lead.id, Todo.kind == "review-screening", Todo.done_at.is_(None)))


@pytest.mark.usefixtures("staffed")
def test_it_is_scored_and_sorted_for_staff(session: Session, screening: Screening) -> None:
    answer(session, screening)
    sent = submit(session, screening.id, actor=ME)
    assert (sent.finding, sent.staffed) == ("nothing-against", True)
    assert {(each["instrument"], each["total"], each["band"]) for each in sent.result["scores"]} == {  # type: ignore[index]
        ("phq-9", 16, "moderately-severe"),
        ("gad-7", 7, "mild"),
    }


def test_with_nobody_on_call_it_is_a_phq_8_and_no_clearance_is_claimed(session: Session, screening: Screening) -> None:
    answer(session, screening, safety=None, **{"phq-9.better-off-dead": None})
    sent = submit(session, screening.id, actor=ME)
    assert sent.staffed is False
    assert [each["is_short"] for each in sent.result["scores"] if each["instrument"] == "phq-9"] == [True]  # type: ignore[index]


def test_a_safety_answer_given_while_somebody_was_on_call_counts(session: Session, screening: Screening) -> None:
    answer(session, screening, safety=None)
    assert submit(session, screening.id, actor=ME).finding == "clinicians-look"


def test_the_reminders_stop_in_the_same_transaction(session: Session, lead: Lead, screening: Screening) -> None:
    lead.stage = "contacted"
    session.flush()
    move(session, lead.id, "screening", version=lead.version, actor=ACTOR, roles=("coordinator",))
    assert reminders(session, lead)
    submit(session, screening.id, actor=ME)
    assert not reminders(session, lead)


@pytest.mark.parametrize("stage", ["new", "contacted"])
def test_a_lead_we_had_not_moved_is_in_screening_now_and_is_not_invited_again(session: Session, tuesday: object, stage: str) -> None:
    lead = make_lead(session, make_confirmed_person(session), stage=stage)
    screening = begin(session, lead.id, channel="link", actor=ME, language="en")
    submit(session, screening.id, actor=ME)
    assert lead.stage == "screening"
    assert not reminders(session, lead)


def test_a_lead_in_screening_stays_there_for_a_person_to_move(session: Session, lead: Lead, screening: Screening) -> None:
    submit(session, screening.id, actor=ME)
    assert lead.stage == "screening"


def test_a_clinician_is_asked_to_look_and_it_stands_in_the_worklist(session: Session, lead: Lead, screening: Screening) -> None:
    submit(session, screening.id, actor=ME)
    asked = todo(session, lead)
    assert asked is not None
    assert asked.role == "clinician"
    lead.reached_at = lead.opened_at
    for call in session.scalars(select(Todo).where(Todo.kind == "call")):
        session.delete(call)
    session.flush()
    assert count_by_need(session, Filters()) == {"to-review": 1}


def test_the_person_is_thanked_and_told_no_score(session: Session, lead: Lead, screening: Screening) -> None:
    submit(session, screening.id, actor=ME)
    thanks = session.scalars(select(Message).where(Message.template == "screening-thanks")).one()
    assert (thanks.level, thanks.lane, thanks.facts) == (0, "transactional", {"office": "woodbury"})


def test_who_answered_by_phone_was_thanked_there(session: Session, lead: Lead) -> None:
    screening = begin(session, lead.id, channel="phone", actor=ACTOR, language="en")
    submit(session, screening.id, actor=ACTOR)
    assert session.scalar(select(Message.id).where(Message.template == "screening-thanks")) is None


def test_sent_twice_is_sent_once(session: Session, lead: Lead, screening: Screening) -> None:
    first = submit(session, screening.id, actor=ME)
    version = first.version
    assert submit(session, screening.id, actor="person:again") is first
    assert (first.version, first.submitted_by) == (version, ME)
    assert len(session.scalars(select(Message).where(Message.template == "screening-thanks")).all()) == 1


def test_after_its_time_it_cannot_be_sent_and_a_new_one_begins(session: Session, lead: Lead, screening: Screening) -> None:
    screening.expires_at = real_now() - timedelta(seconds=1)
    session.flush()
    with pytest.raises(Conflict, match="too long"):
        submit(session, screening.id, actor=ME)
    assert begin(session, lead.id, channel="link", actor=ME, language="en").id != screening.id


def test_only_a_clinician_reviews(session: Session, lead: Lead, screening: Screening) -> None:
    submit(session, screening.id, actor=ME)
    with pytest.raises(Forbidden):
        mark_reviewed(session, screening.id, actor=ACTOR, roles=("coordinator",))
    mark_reviewed(session, screening.id, actor=ACTOR, roles=("clinician",))
    assert screening.reviewed_by == ACTOR
    assert todo(session, lead) is None


def test_what_was_not_sent_or_is_reviewed_cannot_be_reviewed(session: Session, screening: Screening) -> None:
    with pytest.raises(Conflict):
        mark_reviewed(session, screening.id, actor=ACTOR, roles=("clinician",))
    submit(session, screening.id, actor=ME)
    mark_reviewed(session, screening.id, actor=ACTOR, roles=("clinician",))
    with pytest.raises(Conflict):
        mark_reviewed(session, screening.id, actor=ACTOR, roles=("clinician",))


def test_the_trend_has_each_complete_score_in_order(session: Session, lead: Lead, screening: Screening, tuesday: Any) -> None:
    answer(session, screening)
    submit(session, screening.id, actor=ME)
    tuesday(timedelta(days=30))
    second = begin(session, lead.id, channel="link", actor=ME, language="en")
    answer(session, second, **{"phq-9.sleep": "0", "phq-9.down": "0"})
    submit(session, second.id, actor=ME)
    third = begin(session, lead.id, channel="link", actor=ME, language="en")
    submit(session, third.id, actor=ME)
    assert [(point.total, point.band) for point in trend([third, second, screening], "phq-9")] == [
        (16, "moderately-severe"),
        (12, "moderate"),
    ]
