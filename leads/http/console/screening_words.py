"""What a screening came to, in the words of colleagues: findings, reasons, bands; nothing of it is ever shown to the patient."""

from collections.abc import Mapping, Sequence
from typing import Any

from leads.http.console.words import in_words
from leads.screening.questionnaire import Definition, Question, definition

FINDINGS = {
    "nothing-against": "Nothing stands against a consultation",
    "clinicians-look": "Needs a clinician's look",
    "needs-information": "Needs information",
}
BANDS = {"minimal": "minimal", "mild": "mild", "moderate": "moderate", "moderately-severe": "moderately severe", "severe": "severe"}
CHANNELS = {"link": "through the link", "phone": "by phone"}


def reasons_in_words(result: Mapping[str, Any]) -> Sequence[str]:
    """Return each reason of a stored result as a sentence; a question that is asked no more is named by its key."""
    defined = definition()
    asked = {question.key: question for question in defined.all_questions()}
    return [_reason(defined, asked, reason) for reason in result.get("reasons", ())]


def instrument_name(key: str, *, is_short: bool) -> str:
    """Return an instrument's name: a PHQ-9 whose last item was not asked is a PHQ-8 (Kroenke 2009)."""
    return "PHQ-8" if key == "phq-9" and is_short else key.upper()


def _reason(defined: Definition, asked: Mapping[str, Question], reason: Mapping[str, Any]) -> str:
    code, about, answer = reason["code"], reason["about"], reason["answer"]
    question = asked.get(about)
    place, shown = _place(defined, about), question.words["en"] if question else about
    match code:
        case "answer":
            return f"{shown}: {_chosen(question, answer)}"
        case "unsure":
            return f"They are not sure: {shown}"
        case "safety":
            return f"{place or shown}: answered above “no”. A clinician looks now."
        case "safety-unanswered":
            return f"{place or shown}: not answered. It needs review; it is not a 0."
        case "few-trials":
            rule = defined.asked.adequate_trials
            return f"Adequate trials of a medicine: {answer} of {rule.needed} ({rule.weeks} weeks or longer, without enough help)"
        case "incomplete":
            unanswered = "1 item is" if answer == "1" else f"{answer} items are"
            return f"{about.upper()}: {unanswered} not answered, so it has no total"
    if place:
        return f"Not answered: {place}"
    return f"Not answered: {shown}"


def _place(defined: Definition, about: str) -> str:
    """Return where an instrument's item stands, as clinicians name it: `PHQ-9, item 9`; empty for a question of ours."""
    key, _, item = about.partition(".")
    instrument = defined.instruments.get(key)
    keys = [each.key for each in instrument.items] if instrument else []
    return f"{key.upper()}, item {keys.index(item) + 1}" if item in keys else ""


def _chosen(question: Question | None, answer: str | None) -> str:
    options = {str(option.value): option.words["en"] for option in question.choices} if question else {}
    return in_words(options, answer)
