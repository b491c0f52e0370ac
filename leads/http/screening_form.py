"""A page of the screening as a form: the names of its fields, and what was typed into them; the public page and the console share it."""

from collections.abc import Mapping, Sequence
from typing import Any

from leads.screening.questionnaire import Question
from leads.screening.read_answers import MOST_TRIALS

PARTS = ("drug", "dose", "weeks", "outcome")
SHOWN_TRIALS = 3
FREE_TEXT = ("text", "lines", "trials")


def typed_answers(questions: Sequence[Question], form: Mapping[str, str]) -> dict[str, Any]:
    """Return a form's fields as the answers they stand for: ticks as lists, the rows of trials as trials."""
    return {question.key: _typed(question, form) for question in questions}


def values_of(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, str]:
    """Return answers as the fields that show them."""
    values: dict[str, str] = {}
    for question in questions:
        values |= _fields(question, answers.get(question.key))
    return values


def rows_of(values: Mapping[str, str]) -> int:
    """Return how many rows of trials to show: those that are filled and one more, three at least."""
    filled = [row for row in range(MOST_TRIALS) if any(values.get(f"trials.{row}.{part}") for part in PARTS)]
    return min(MOST_TRIALS, max(SHOWN_TRIALS, (max(filled) if filled else 0) + 2))


def has_free_text(questions: Sequence[Question]) -> bool:
    """True where something is written in words of one's own: the crisis text stands before it."""
    return any(question.type in FREE_TEXT for question in questions)


def _typed(question: Question, form: Mapping[str, str]) -> Any:
    if question.type == "choices":
        return [str(option.value) for option in question.options if form.get(f"{question.key}.{option.value}")]
    if question.type == "trials":
        # Empty rows too, so that an error names the row in which it stands.
        return [{part: form.get(f"{question.key}.{row}.{part}", "") for part in PARTS} for row in range(MOST_TRIALS)]
    return form.get(question.key)


def _fields(question: Question, answer: Any) -> dict[str, str]:
    if answer is None:
        return {}
    if question.type == "choices":
        return {f"{question.key}.{value}": "true" for value in answer}
    if question.type == "trials":
        parts = [(row, part, trial.get(part)) for row, trial in enumerate(answer) for part in PARTS]
        return {f"{question.key}.{row}.{part}": str(value) for row, part, value in parts if value not in (None, "")}
    return {question.key: "\n".join(answer) if question.type == "lines" else str(answer)}
