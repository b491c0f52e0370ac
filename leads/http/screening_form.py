"""A page of the screening as a form: the names of its fields, and what was typed into them; the public page and the console share it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.screening.models import Screening
from leads.screening.questionnaire import Question, definition
from leads.screening.read_answers import MOST_TRIALS
from leads.screening.save import PageView, pages_of

LAST = "look-over"
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


def view_of(session: Session, screening: Screening, key: str) -> PageView:
    """Return a page as it is asked now; raises NotFound."""
    view = next((each for each in pages_of(session, screening) if each.page.key == key), None)
    if view is None:
        raise NotFound("There is no such page.")
    return view


def context_of(view: PageView, values: Mapping[str, str], errors: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a template needs to draw a page: what stands in its fields, and what is wrong with it."""
    keys = _keys()
    return {
        "view": view,
        "instrument": definition().instruments.get(view.page.instrument or ""),
        "values": values,
        "errors": errors or {},
        "trials": rows_of(values),
        "has_free_text": has_free_text(view.questions),
        "number": keys.index(view.page.key) + 1,
        "pages": len(keys),
    }


def first_unanswered(session: Session, screening: Screening) -> str:
    """Return the first page on which nothing was answered yet, or the one on which all is looked over."""
    return next((view.page.key for view in pages_of(session, screening) if view.questions and not view.answers), LAST)


def after(key: str) -> str:
    """Return the page that follows; a page nobody knows is followed by the last."""
    keys = [*_keys(), LAST]
    return keys[keys.index(key) + 1] if key in keys[:-1] else LAST


def before(key: str) -> str:
    """Return the page that comes before, the first for the first."""
    keys = _keys()
    return keys[max(0, keys.index(key) - 1)]


def rows_of(values: Mapping[str, str]) -> int:
    """Return how many rows of trials to show: those that are filled and one more, three at least."""
    filled = [row for row in range(MOST_TRIALS) if any(values.get(f"trials.{row}.{part}") for part in PARTS)]
    return min(MOST_TRIALS, max(SHOWN_TRIALS, (max(filled) if filled else 0) + 2))


def has_free_text(questions: Sequence[Question]) -> bool:
    """True where something is written in words of one's own: the crisis text stands before it."""
    return any(question.type in FREE_TEXT for question in questions)


def _keys() -> list[str]:
    return [each.key for each in definition().asked.pages]


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
