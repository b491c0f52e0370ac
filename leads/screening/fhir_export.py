"""A questionnaire, and what somebody answered, as FHIR R4 Questionnaire and QuestionnaireResponse."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from config.settings import settings
from leads.clinic.profile import Language
from leads.screening.models import Screening
from leads.screening.questionnaire import Definition, Instrument, Option, Page, Question, definition
from leads.screening.save import answers_of

LOINC = "http://loinc.org"
# https://hl7.org/fhir/R4/extension-ordinalvalue.html: what an answer counts.
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
TYPES = {"text": "text", "lines": "string"}
PARTS: Mapping[str, tuple[str, Mapping[Language, str]]] = {
    "drug": ("string", {"en": "Medicine", "es": "Medicina"}),
    "dose": ("string", {"en": "Dose", "es": "Dosis"}),
    "weeks": ("integer", {"en": "Weeks", "es": "Semanas"}),
    "outcome": ("choice", {"en": "What it did", "es": "Qué efecto tuvo"}),
}
Item = dict[str, Any]


def to_questionnaire(defined: Definition, language: Language = "en") -> dict[str, Any]:
    """Return a questionnaire as a FHIR Questionnaire; its instruments carry their LOINC codes and what each answer counts."""
    asked = defined.asked
    return {
        "resourceType": "Questionnaire",
        "id": asked.key,
        "url": canonical(asked.key),
        "version": defined.version,
        "name": asked.key.replace("-", "_"),
        "title": asked.title[language],
        "status": "active",
        "subjectType": ["Patient"],
        "language": language,
        "item": [_page(defined, page, language) for page in asked.pages],
    }


def to_response(session: Session, screening: Screening) -> dict[str, Any]:
    """Return what was answered as a FHIR QuestionnaireResponse, page by page; it names the person by our id only."""
    given, defined = answers_of(session, screening.id), definition()
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "id": str(screening.id),
        "questionnaire": f"{canonical(screening.questionnaire)}|{screening.definition}",
        "status": "completed" if screening.submitted_at else "in-progress",
        "language": screening.language,
        "subject": {"reference": f"Patient/{screening.person_id}"},
        "authored": (screening.submitted_at or screening.begun_at).isoformat(timespec="seconds"),
    }
    groups = [_answered_page(page, defined.questions(page), given) for page in defined.asked.pages]
    answered = [group for group in groups if group["item"]]
    return response | ({"item": answered} if answered else {})


def canonical(key: str) -> str:
    """Return the address by which a questionnaire is known."""
    return f"{settings().public_url}/fhir/Questionnaire/{key}"


def _page(defined: Definition, page: Page, language: Language) -> Item:
    group: Item = {"linkId": page.key, "type": "group", "text": page.title[language]}
    if page.instrument is None:
        return group | {"item": [_question(question, language) for question in page.items]}
    instrument = defined.instruments[page.instrument]
    spoken = {"linkId": f"{instrument.key}.attribution", "type": "display", "text": instrument.attribution[language]}
    items = [_scored(instrument, place, language) for place in range(len(instrument.items))]
    return group | {"code": [_loinc(instrument.loinc)], "prefix": instrument.intro[language], "item": [*items, spoken]}


def _scored(instrument: Instrument, place: int, language: Language) -> Item:
    item, question = instrument.items[place], instrument.questions[place]
    options = [{"valueCoding": _counted(option, language)} for option in instrument.scale]
    shown = {"linkId": question.key, "code": [_loinc(item.loinc)], "text": item.words[language]}
    return shown | {"type": "choice", "required": False, "answerOption": options}


def _counted(option: Option, language: Language) -> Item:
    return {"code": str(option.value), "display": option.words[language], "extension": [{"url": ORDINAL, "valueDecimal": option.value}]}


def _question(question: Question, language: Language) -> Item:
    shown: Item = {"linkId": question.key, "text": question.words[language], "required": False}
    if question.type == "trials":
        parts = [_part(question, name, language) for name in PARTS]
        return shown | {"type": "group", "repeats": True, "item": parts}
    if question.type in TYPES:
        return shown | {"type": TYPES[question.type], "repeats": question.type == "lines"}
    return shown | {"type": "choice", "repeats": question.type == "choices", "answerOption": _options(question.choices, language)}


def _part(question: Question, name: str, language: Language) -> Item:
    kind, words = PARTS[name]
    shown: Item = {"linkId": f"{question.key}.{name}", "text": words[language], "type": kind}
    return shown | ({"answerOption": _options(question.options, language)} if kind == "choice" else {})


def _options(options: Sequence[Option], language: Language) -> list[Item]:
    return [{"valueCoding": {"code": str(option.value), "display": option.words[language]}} for option in options]


def _answered_page(page: Page, questions: Sequence[Question], given: Mapping[str, Any]) -> Item:
    answered = [item for question in questions if question.key in given for item in _answered(question, given[question.key])]
    return {"linkId": page.key, "item": answered}


def _answered(question: Question, answer: Any) -> list[Item]:
    if question.type == "trials":
        return [{"linkId": question.key, "item": _trial(question, each)} for each in answer]
    values = answer if isinstance(answer, list) else [answer]
    return [{"linkId": question.key, "answer": [_value(question, value) for value in values]}]


def _trial(question: Question, trial: Mapping[str, Any]) -> list[Item]:
    def value(name: str) -> Item:
        if name == "weeks":
            return {"valueInteger": trial[name]}
        return {"valueCoding": {"code": trial[name]}} if name == "outcome" else {"valueString": trial[name]}

    return [{"linkId": f"{question.key}.{name}", "answer": [value(name)]} for name in PARTS if trial.get(name) is not None]


def _value(question: Question, value: Any) -> Item:
    if question.type in TYPES:
        return {"valueString": value}
    display = next((option.words["en"] for option in question.choices if str(option.value) == value), None)
    return {"valueCoding": {"code": value} | ({"display": display} if display else {})}


def _loinc(code: str) -> Item:
    return {"system": LOINC, "code": code}
