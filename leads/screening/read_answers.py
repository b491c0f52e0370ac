"""What was answered on a page, checked field by field: what is right is kept, what is wrong is named."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leads.clinic.profile import Language
from leads.clinic.typed import one_line, plain_text
from leads.errors import FieldError
from leads.screening.questionnaire import Question

LONGEST_TEXT, LONGEST_LINE = 2000, 200
MOST_LINES, MOST_TRIALS, MOST_WEEKS = 30, 6, 520
SAID: Mapping[str, Mapping[Language, str]] = {
    "unknown_choice": {"en": "Choose one of the answers shown.", "es": "Elija una de las respuestas que se muestran."},
    "too_long": {
        "en": "This is too long. Please write at most {most:,} characters; you can tell us the rest when we call.",
        "es": "Es demasiado largo. Escriba como máximo {most:,} caracteres; el resto nos lo puede contar cuando llamemos.",
    },
    "too_many": {"en": "Please write at most {most} lines.", "es": "Escriba como máximo {most} líneas."},
    "no_drug": {"en": "Write the name of the medicine too.", "es": "Escriba también el nombre de la medicina."},
    "no_weeks": {"en": "Write the weeks as a number, such as 8.", "es": "Escriba las semanas con un número, como 8."},
}


class Wrong(Exception):
    """One answer cannot be kept; `part` is the place inside of it, such as `0.weeks`."""

    def __init__(self, code: str, part: str = "", **values: int) -> None:
        super().__init__(code)
        self.code, self.part, self.values = code, part, values


def read_answers(questions: Sequence[Question], typed: Mapping[str, Any], language: Language) -> tuple[dict[str, Any], list[FieldError]]:
    """Return the answers by question, without those that were left blank, and an error for each that cannot be kept."""
    kept: dict[str, Any] = {}
    errors = []
    for question in questions:
        try:
            answer = READERS[question.type](question, typed.get(question.key))
        except Wrong as wrong:
            field = f"{question.key}.{wrong.part}" if wrong.part else question.key
            errors.append(FieldError(field, wrong.code, SAID[wrong.code][language].format(**wrong.values)))
        else:
            kept |= {} if answer in (None, []) else {question.key: answer}
    return kept, errors


def texts_of(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[str]:
    """Return everything somebody wrote in words of their own; each of these is listened to."""
    written: list[str] = []
    for question in questions:
        answer = answers.get(question.key)
        if question.type == "text" and answer:
            written.append(answer)
        elif question.type == "lines":
            written += answer or []
        elif question.type == "trials":
            written += [word for trial in answer or [] for word in (trial["drug"], trial.get("dose")) if word]
    return written


def _choice(question: Question, value: Any) -> str | None:
    if value in (None, ""):
        return None
    if not isinstance(value, str | int) or str(value) not in {str(option.value) for option in question.choices}:
        raise Wrong("unknown_choice")
    return str(value)


def _choices(question: Question, value: Any) -> list[str]:
    given = value if isinstance(value, list | tuple) else [value]
    return list(dict.fromkeys(chosen for each in given if (chosen := _choice(question, each))))


def _text(_question: Question, value: Any) -> str | None:
    text = plain_text(str(value)) if value is not None else None
    if text and len(text) > LONGEST_TEXT:
        raise Wrong("too_long", most=LONGEST_TEXT)
    return text or None


def _lines(_question: Question, value: Any) -> list[str]:
    given = value if isinstance(value, list | tuple) else str(value or "").splitlines()
    lines = [line for each in given if (line := one_line(str(each)))]
    if len(lines) > MOST_LINES:
        raise Wrong("too_many", most=MOST_LINES)
    if any(len(line) > LONGEST_LINE for line in lines):
        raise Wrong("too_long", most=LONGEST_LINE)
    return lines


def _trials(question: Question, value: Any) -> list[dict[str, Any]]:
    given = [each for each in value or [] if isinstance(each, Mapping) and any(str(part or "").strip() for part in each.values())]
    if len(given) > MOST_TRIALS:
        raise Wrong("too_many", most=MOST_TRIALS)
    return [_trial(question, place, each) for place, each in enumerate(given)]


def _trial(question: Question, place: int, given: Mapping[str, Any]) -> dict[str, Any]:
    drug, dose = one_line(str(given.get("drug") or "")), one_line(str(given.get("dose") or ""))
    if not drug:
        raise Wrong("no_drug", f"{place}.drug")
    if max(len(drug), len(dose or "")) > LONGEST_LINE:
        raise Wrong("too_long", f"{place}.drug", most=LONGEST_LINE)
    weeks = str(given.get("weeks") or "").strip()
    if weeks and not (weeks.isascii() and weeks.isdigit() and int(weeks) <= MOST_WEEKS):
        raise Wrong("no_weeks", f"{place}.weeks")
    outcome = given.get("outcome") or None
    if outcome is not None and outcome not in {option.value for option in question.options}:
        raise Wrong("unknown_choice", f"{place}.outcome")
    return {"drug": drug, "dose": dose, "weeks": int(weeks) if weeks else None, "outcome": outcome}


READERS: Mapping[str, Callable[[Question, Any], Any]] = {
    "choice": _choice, "choices": _choices, "yes_no": _choice, "yes_no_unsure": _choice, "text": _text, "lines": _lines, "trials": _trials,
}  # fmt: skip
