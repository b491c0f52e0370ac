"""What stands in the way of a consultation, for staff to see: a sorting of answers by the clinic's own rules, never a verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leads.screening.questionnaire import AdequateTrials, Definition, Question
from leads.screening.score import Score, score

Finding = Literal["nothing-against", "clinicians-look", "needs-information"]


@dataclass(frozen=True)
class Reason:
    """Why: a code, the question it is about, and the answer where there was one."""

    code: Literal["answer", "unanswered", "unsure", "safety", "safety-unanswered", "few-trials", "incomplete"]
    about: str
    answer: str | None = None


LOOK = ("answer", "safety", "safety-unanswered")


@dataclass(frozen=True)
class Result:
    """The finding, each reason for it, and the scores."""

    finding: Finding
    reasons: tuple[Reason, ...]
    scores: tuple[Score, ...]


def assess(definition: Definition, answers: Mapping[str, Any], *, staffed: bool) -> Result:
    """Return what a screening's answers come to. A clinician's look outweighs missing information; both outweigh nothing at all."""
    scores = tuple(score(instrument, answers, staffed=staffed) for instrument in definition.instruments.values())
    reasons = (*_from_questions(definition, answers, staffed=staffed), *_from_trials(definition, answers), *_from_scores(scores))
    if any(reason.code in LOOK for reason in reasons):
        return Result("clinicians-look", reasons, scores)
    return Result("needs-information" if reasons else "nothing-against", reasons, scores)


def _from_questions(definition: Definition, answers: Mapping[str, Any], *, staffed: bool) -> Iterator[Reason]:
    for question in definition.all_questions():
        answer = answers.get(question.key)
        if question.is_safety:
            yield from _from_safety(question, answer) if staffed else ()
        elif "." not in question.key:
            yield from _from_question(question, answer)


def _from_question(question: Question, answer: Any) -> Iterator[Reason]:
    given = answer if isinstance(answer, list) else [answer]
    for value in given:
        if value in question.look_if:
            yield Reason("answer", question.key, value)
    if question.needed and answer in (None, [], "unsure"):
        yield Reason("unsure" if answer == "unsure" else "unanswered", question.key)


def _from_safety(question: Question, answer: Any) -> Iterator[Reason]:
    # Unanswered is not "no": the item was left out by somebody, and a clinician asks why (CONTENT, Questionnaires).
    if answer is None:
        yield Reason("safety-unanswered", question.key)
    elif is_disclosure(question, answer):
        yield Reason("safety", question.key)


def is_disclosure(question: Question, answer: Any) -> bool:
    """True for an answer to a safety question that must reach a human now: anything above 0, or yes."""
    return question.is_safety and answer not in (None, "0", "no")


def _from_trials(definition: Definition, answers: Mapping[str, Any]) -> Iterator[Reason]:
    rule, given = definition.asked.adequate_trials, answers.get("trials")
    if given and adequate(rule, given) < rule.needed:
        yield Reason("few-trials", "trials", str(adequate(rule, given)))


def adequate(rule: AdequateTrials, trials: list[Mapping[str, Any]]) -> int:
    """Return how many of these trials were adequate: long enough, and without enough help; each drug counts once."""
    long_enough = [each for each in trials if (each.get("weeks") or 0) >= rule.weeks and each.get("outcome") in rule.outcomes]
    return len({str(each["drug"]).casefold().strip() for each in long_enough})


def _from_scores(scores: tuple[Score, ...]) -> Iterator[Reason]:
    for each in scores:
        if each.missing:
            yield Reason("incomplete", each.instrument, str(len(each.missing)))
