"""From a valid transaction Bundle to a submission as all other ways in make one; pure."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from leads.clinic.profile import clinic
from leads.errors import FieldError, Invalid
from leads.http.errors import from_model
from leads.http.fhir.check_order import check, placer_of
from leads.http.fhir.codes import Resource, codings, in_words
from leads.http.fhir.entries import Entries, Entry, refused
from leads.http.fhir.read_people import Places, read_patient, read_provider
from leads.http.fhir.read_trials import read_trials
from leads.referrals.submission import Submission

# What a QuestionnaireResponse may answer in our own fields: its linkId is the field's name.
ASKED = ("current_risk", "part2", "office")
YES_OR_NO = ("current_risk", "part2")


@dataclass(frozen=True)
class Document:
    """A document that came with the order."""

    name: str
    content: bytes
    place: str


@dataclass(frozen=True)
class Order:
    """What one transaction Bundle asks of us."""

    entries: Entries
    submission: Submission
    placer: tuple[str, str]
    documents: list[Document]


def read_order(bundle: Resource, *, practice: str, if_none_exist: str | None = None) -> Order:
    """Return what a Bundle asks; raises Invalid, each error with the FHIRPath of what is wrong.

    `practice` is what the key's own is called, `if_none_exist` the header of that name.
    """
    entries = Entries.of(bundle)
    request, task = entries.only("ServiceRequest"), entries.only("Task")
    check(entries, request, task)
    said, places = _said(entries, request, task, practice)
    try:
        submission = Submission.model_validate(said)
    except ValidationError as error:
        raise _placed(from_model(error), places) from None
    return Order(entries, submission, placer_of(entries, request, if_none_exist), _documents(entries))


def _said(entries: Entries, request: Entry, task: Entry, practice: str) -> tuple[Resource, Places]:
    provider, of_provider = read_provider(entries, request, practice=practice)
    patient, of_patient, left = read_patient(entries, request)
    conditions = [entry.resource for entry in entries.each("Condition")]
    known, unknown = _contraindications(entries)
    answers, further = _answers(entries)
    said = {
        "provider": provider,
        "patient": patient,
        "reason": _reason(entries, request),
        "diagnosis": in_words(conditions[0].get("code")) if conditions else None,
        "trials": read_trials(entries),
        "contraindications": known,
        "urgency": request.resource.get("priority"),
        "office": _office(request.resource),
        "note": "\n".join([*_notes(request, task), *left, *_others(conditions), *unknown, *further]) or None,
    }
    own = {"reason": request.at("reasonCode"), "urgency": request.at("priority"), "note": request.at("note"), "diagnosis": "Condition.code"}
    return said | answers, of_provider | of_patient | own


def _reason(entries: Entries, request: Entry) -> str | None:
    told = [each.get("text") for each in request.resource.get("reasonCode", ())]
    named = [entries.find(each) for each in request.resource.get("reasonReference", ())]
    told += [in_words(entry.resource.get("code")) for entry in named if entry and entry.type == "Condition"]
    return "\n".join(filter(None, told)) or None


def _notes(*ordered: Entry) -> list[str]:
    return [note["text"] for entry in ordered for note in entry.resource.get("note", ()) if note.get("text")]


def _others(conditions: list[Resource]) -> list[str]:
    return [f"Condition: {in_words(each.get('code'))}" for each in conditions[1:]]


def _contraindications(entries: Entries) -> tuple[list[str], list[str]]:
    """Return what is on the clinic's list, by code, and what is not, in words: neither may be lost."""
    listed = {each.code for each in clinic().referrals.contraindications}
    known, unknown = [], []
    for entry in entries.each("AllergyIntolerance"):
        codes = [each["code"] for each in codings(entry.resource.get("code")) if each.get("code") in listed]
        known += codes[:1]
        unknown += [] if codes else [f"Allergy: {in_words(entry.resource.get('code')) or 'not named'}"]
    return known, unknown


def _answers(entries: Entries) -> tuple[Resource, list[str]]:
    """Return what a questionnaire answers in our own fields, and the rest in words."""
    ours: Resource = {}
    further: list[str] = []
    for item in (item for entry in entries.each("QuestionnaireResponse") for item in _items(entry.resource)):
        values = [value for answer in item.get("answer", ()) for name, value in answer.items() if name.startswith("value")]
        if item.get("linkId") in ASKED and values:
            ours[item["linkId"]] = values[0].get("code") if isinstance(values[0], dict) else values[0]
        elif values:
            further.append(f"{item.get('text') or item.get('linkId')}: {'; '.join(map(_shown, values))}")
    return ours, further


def _items(within: Resource) -> Iterable[Resource]:
    waiting = list(within.get("item", ()))
    while waiting:
        item = waiting.pop(0)
        yield item
        nested = [each for answer in item.get("answer", ()) for each in answer.get("item", ())]
        waiting = [*item.get("item", ()), *nested, *waiting]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return str(value.get("display") or value.get("code") or value.get("value") or value.get("reference") or "")
    return str(value)


def _office(request: Resource) -> str | None:
    offices = {each.code for each in clinic().offices}
    asked = [each.get("code") for concept in request.get("locationCode", ()) for each in codings(concept)]
    return next((code for code in asked if code in offices), None)


def _documents(entries: Entries) -> list[Document]:
    found = []
    for entry in entries.each("DocumentReference"):
        for index, each in enumerate(entry.resource.get("content", ())):
            place = entry.at(f"content[{index}].attachment")
            found.append(Document(each["attachment"].get("title") or "document", _content(each["attachment"], place), place))
    return found


def _content(attachment: Resource, place: str) -> bytes:
    if not attachment.get("data"):
        raise refused(f"{place}.data", "required", "Send the document itself, in base64: we fetch nothing from elsewhere.")
    try:
        return base64.b64decode(attachment["data"], validate=False)
    except binascii.Error:
        raise refused(f"{place}.data", "value", "This is not valid base64.") from None


def _placed(error: Invalid, places: Places) -> Invalid:
    """Return the same refusal with FHIRPaths in place of our own field names."""
    return Invalid(error.message, errors=tuple(FieldError(_place(each.field, places), each.code, each.message) for each in error.errors))


def _place(field: str, places: Places) -> str:
    parts = field.split(".")
    nearest = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((places[name] for name in nearest if name in places), "Bundle")
