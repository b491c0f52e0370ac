"""The finding sorts the answers for a clinician; it never decides, and nothing that is missing counts as a no."""

from typing import Any

import pytest

from leads.screening.assess import Result, adequate, assess, is_disclosure
from leads.screening.questionnaire import definition
from tests.screening.cast import answers, scored


def found(*, staffed: bool = True, **changes: Any) -> Result:
    return assess(definition(), answers(**changes), staffed=staffed)


def codes(result: Result) -> set[tuple[str, str]]:
    return {(reason.code, reason.about) for reason in result.reasons}


def test_nothing_stands_against_a_consultation() -> None:
    assert (found().finding, found().reasons) == ("nothing-against", ())


@pytest.mark.parametrize("item", ["blood-pressure", "psychosis", "cardiovascular", "pregnancy", "substance-use", "allergy"])
def test_each_contraindication_asks_for_a_clinicians_look(item: str) -> None:
    result = found(**{item: "yes"})
    assert result.finding == "clinicians-look"
    assert codes(result) == {("answer", item)}


@pytest.mark.parametrize("item", ["blood-pressure", "psychosis", "cardiovascular", "pregnancy", "substance-use", "allergy"])
@pytest.mark.parametrize(("answer", "code"), [("unsure", "unsure"), (None, "unanswered")])
def test_who_is_not_sure_or_says_nothing_leaves_us_without_information(item: str, answer: str | None, code: str) -> None:
    result = found(**{item: answer})
    assert result.finding == "needs-information"
    assert codes(result) == {(code, item)}


def test_a_diagnosis_that_needs_care_is_looked_at() -> None:
    assert codes(found(diagnosis=["depression", "bipolar"])) == {("answer", "diagnosis")}


def test_a_clinicians_look_outweighs_what_is_missing() -> None:
    assert found(psychosis="yes", allergy=None).finding == "clinicians-look"


@pytest.mark.parametrize(("trials", "count"), [
    ([], 0),
    ([{"drug": "sertraline", "weeks": 6, "outcome": "no-help"}], 1),
    ([{"drug": "sertraline", "weeks": 5, "outcome": "no-help"}], 0),
    ([{"drug": "sertraline", "weeks": None, "outcome": "no-help"}], 0),
    ([{"drug": "sertraline", "weeks": 12, "outcome": "helped"}], 0),
    ([{"drug": "sertraline", "weeks": 12, "outcome": "stopped"}], 0),
    ([{"drug": "Sertraline ", "weeks": 9, "outcome": "no-help"}, {"drug": "sertraline", "weeks": 9, "outcome": "some-help"}], 1),
    ([{"drug": "sertraline", "weeks": 9, "outcome": "no-help"}, {"drug": "bupropion", "weeks": 9, "outcome": "some-help"}], 2),
])  # fmt: skip
def test_a_trial_counts_when_it_was_long_enough_and_did_not_help_enough(trials: list[dict[str, Any]], count: int) -> None:
    assert adequate(definition().asked.adequate_trials, trials) == count


def test_fewer_than_two_adequate_trials_is_information_and_no_verdict() -> None:
    result = found(trials=[{"drug": "sertraline", "weeks": 9, "outcome": "no-help"}])
    assert result.finding == "needs-information"
    assert codes(result) == {("few-trials", "trials")}


def test_the_safety_question_answered_yes_is_a_clinicians() -> None:
    assert codes(found(safety="yes")) == {("safety", "safety")}


@pytest.mark.parametrize("value", ["1", "2", "3"])
def test_any_answer_above_zero_to_the_last_item_is_a_clinicians(value: str) -> None:
    assert ("safety", "phq-9.better-off-dead") in codes(found(**{"phq-9.better-off-dead": value}))


def test_an_unanswered_last_item_needs_review_and_is_no_zero() -> None:
    result = found(**{"phq-9.better-off-dead": None})
    assert result.finding == "clinicians-look"
    assert codes(result) == {("safety-unanswered", "phq-9.better-off-dead"), ("incomplete", "phq-9")}


def test_what_was_not_asked_is_not_held_against_anybody() -> None:
    result = found(staffed=False, safety=None, **{"phq-9.better-off-dead": None})
    assert result.finding == "nothing-against"
    assert result.scores[0].is_short or result.scores[1].is_short


def test_a_missing_item_makes_the_score_incomplete() -> None:
    result = found(**{"gad-7.worry": None})
    assert ("incomplete", "gad-7") in codes(result)
    assert result.finding == "needs-information"


def test_only_safety_questions_disclose() -> None:
    by_key = {question.key: question for question in definition().all_questions()}
    assert is_disclosure(by_key["safety"], "yes")
    assert not is_disclosure(by_key["safety"], "no")
    assert not is_disclosure(by_key["psychosis"], "yes")
    assert not is_disclosure(by_key["phq-9.better-off-dead"], "0")


def test_a_high_score_alone_is_no_reason_to_refuse_anybody() -> None:
    assert found(**scored("phq-9", *[3] * 8, 0)).finding == "nothing-against"
