"""A page is kept when it is saved, and what must reach a human reaches one at that moment."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.consent.ledger import open_holds
from leads.errors import Conflict, NotFound
from leads.screening.begin import begin, open_screening
from leads.screening.models import Screening, ScreeningAnswers
from leads.screening.save import Saved, answers_of, pages_of, save_page
from leads.todos.models import Todo

ME = "person:test"


def save(session: Session, screening: Screening, page: str, **typed: Any) -> Saved:
    saved = save_page(session, screening.id, page, {name.replace("_", "-"): value for name, value in typed.items()}, actor=ME)
    session.flush()
    return saved


def urgent(session: Session) -> int:
    return session.scalar(select(func.count()).where(Todo.kind == "safety", Todo.done_at.is_(None))) or 0


def test_what_was_saved_is_there_on_another_device(session: Session, screening: Screening) -> None:
    save(session, screening, "health", psychosis="no", blood_pressure="unsure")
    again = open_screening(session, screening.lead_id)
    assert again is screening
    assert answers_of(session, screening.id) == {"psychosis": "no", "blood-pressure": "unsure"}


def test_beginning_again_goes_on_with_the_same(session: Session, screening: Screening) -> None:
    assert begin(session, screening.lead_id, channel="phone", actor="account:x", language="es") is screening


def test_of_two_saves_of_a_page_the_last_counts_and_both_are_kept(session: Session, screening: Screening) -> None:
    save(session, screening, "health", psychosis="no", allergy="no")
    save(session, screening, "health", psychosis="yes")
    assert answers_of(session, screening.id) == {"psychosis": "yes"}
    assert session.scalar(select(func.count()).select_from(ScreeningAnswers)) == 2


def test_pages_do_not_overwrite_each_other(session: Session, screening: Screening) -> None:
    save(session, screening, "health", psychosis="no")
    save(session, screening, "medicines", medicines="bupropion 300 mg\n\n lisinopril ")
    assert answers_of(session, screening.id) == {"psychosis": "no", "medicines": ["bupropion 300 mg", "lisinopril"]}


def test_what_is_wrong_is_named_and_the_rest_is_kept(session: Session, screening: Screening) -> None:
    trials = [{"drug": "sertraline", "weeks": "ten"}]
    saved = save(session, screening, "treatments", trials=trials, other_treatments="therapy")
    assert [(error.field, error.code) for error in saved.errors] == [("trials.0.weeks", "no_weeks")]
    assert answers_of(session, screening.id) == {"other-treatments": "therapy"}


@pytest.mark.parametrize(("page", "typed", "code"), [
    ("health", {"psychosis": "maybe"}, "unknown_choice"),
    ("history", {"diagnosis": ["depression", "sadness"]}, "unknown_choice"),
    ("anything", {"anything": "x" * 2001}, "too_long"),
    ("medicines", {"medicines": "\n".join(["x"] * 31)}, "too_many"),
    ("treatments", {"trials": [{"dose": "10 mg"}]}, "no_drug"),
    ("treatments", {"trials": [{"drug": "x"}] * 7}, "too_many"),
    ("treatments", {"trials": [{"drug": "x", "weeks": "521"}]}, "no_weeks"),
    ("mood", {"phq-9.sleep": "4"}, "unknown_choice"),
])  # fmt: skip
def test_each_wrong_answer_has_its_words(session: Session, screening: Screening, page: str, typed: dict[str, Any], code: str) -> None:
    saved = save_page(session, screening.id, page, typed, actor=ME)
    assert [error.code for error in saved.errors] == [code]
    assert saved.errors[0].message


def test_the_words_are_in_the_persons_language(session: Session, screening: Screening) -> None:
    screening.language = "es"
    assert save(session, screening, "health", psychosis="maybe").errors[0].message.startswith("Elija")


def test_a_page_that_is_not_there_and_a_screening_that_is_not_there_are_refused(session: Session, screening: Screening) -> None:
    with pytest.raises(NotFound):
        save(session, screening, "nonsense")
    with pytest.raises(NotFound):
        save_page(session, screening.lead_id, "health", {}, actor=ME)


@pytest.mark.parametrize(("page", "typed"), [
    ("mood", {"phq-9.better-off-dead": "1"}),
    ("mood", {"phq-9.better-off-dead": "3"}),
    ("safety", {"safety": "yes"}),
    ("anything", {"anything": "Sometimes I think about suicide."}),
    ("treatments", {"trials": [{"drug": "I took an overdose"}]}),
    ("medicines", {"medicines": "nothing, i want to die"}),
])  # fmt: skip
def test_a_disclosure_holds_and_asks_a_clinician_when_its_page_is_saved(
    session: Session, screening: Screening, page: str, typed: dict[str, Any]
) -> None:
    saved = save_page(session, screening.id, page, typed, actor=ME)
    assert saved.disclosed
    assert [hold.reason for hold in open_holds(session, screening.person_id)] == ["screening"]
    assert urgent(session) == 1


@pytest.mark.parametrize(("page", "typed"), [
    ("mood", {"phq-9.better-off-dead": "0"}), ("mood", {"phq-9.down": "3"}), ("safety", {"safety": "no"}), ("anything", {"anything": "."}),
])  # fmt: skip
def test_what_is_no_disclosure_holds_nobody(session: Session, screening: Screening, page: str, typed: dict[str, Any]) -> None:
    assert not save_page(session, screening.id, page, typed, actor=ME).disclosed
    assert not open_holds(session, screening.person_id)


def test_the_same_page_saved_again_shows_help_and_wakes_nobody_twice(session: Session, screening: Screening) -> None:
    save(session, screening, "safety", safety="yes")
    before = len(open_holds(session, screening.person_id))
    assert save(session, screening, "safety", safety="yes").disclosed
    assert (len(open_holds(session, screening.person_id)), urgent(session)) == (before, 1)


def test_a_wrong_answer_beside_it_does_not_keep_a_disclosure_from_being_heard(session: Session, screening: Screening) -> None:
    saved = save_page(session, screening.id, "mood", {"phq-9.sleep": "9", "phq-9.better-off-dead": "2"}, actor=ME)
    assert saved.errors
    assert saved.disclosed


def test_with_nobody_on_call_no_safety_question_is_asked(session: Session, screening: Screening) -> None:
    asked = {question.key for view in pages_of(session, screening) for question in view.questions}
    assert not asked & {"safety", "phq-9.better-off-dead"}
    assert [view.page.key for view in pages_of(session, screening) if view.left_out] == ["mood", "safety"]


def test_with_somebody_on_call_both_are_asked(session: Session, screening: Screening, staffed: None) -> None:
    asked = {question.key for view in pages_of(session, screening) for question in view.questions}
    assert asked >= {"safety", "phq-9.better-off-dead"}


def test_an_answer_that_comes_when_nobody_is_on_call_any_more_is_heard(session: Session, screening: Screening) -> None:
    # The form was opened while somebody was: what it asked then may still be answered now.
    assert save_page(session, screening.id, "mood", {"phq-9.better-off-dead": "1"}, actor=ME).disclosed


@pytest.mark.parametrize("over", ["sent", "ended"])
def test_what_is_over_takes_no_more_answers(session: Session, screening: Screening, over: str) -> None:
    setattr(screening, {"sent": "submitted_at", "ended": "ended_at"}[over], screening.begun_at)
    session.flush()
    with pytest.raises(Conflict):
        save(session, screening, "health", psychosis="no")
