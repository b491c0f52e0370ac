"""A patient's answers for the tests of the screening."""

from typing import Any

from leads.screening.questionnaire import definition

CLEAR: dict[str, Any] = {
    "diagnosis": ["depression"],
    "treated-by": "psychiatrist",
    "trials": [
        {"drug": "sertraline", "dose": "100 mg", "weeks": 10, "outcome": "no-help"},
        {"drug": "bupropion", "dose": "300 mg", "weeks": 8, "outcome": "some-help"},
    ],
    **dict.fromkeys(("blood-pressure", "psychosis", "cardiovascular", "pregnancy", "substance-use", "allergy"), "no"),
    "medicines": ["bupropion 300 mg"],
    "safety": "no",
}


def scored(instrument: str, *values: int) -> dict[str, str]:
    """Answers to an instrument, item by item; those left over stay unanswered."""
    items = definition().instruments[instrument].items
    return {f"{instrument}.{item.key}": str(value) for item, value in zip(items, values, strict=False)}


def answers(**changes: Any) -> dict[str, Any]:
    """Answers against which nothing stands, but for the changes; None takes one away."""
    given = CLEAR | scored("phq-9", *[2] * 8, 0) | scored("gad-7", *[1] * 7)
    given |= {key.replace("_", "-") if key.replace("_", "-") in CLEAR else key: value for key, value in changes.items()}
    return {key: value for key, value in given.items() if value is not None}
