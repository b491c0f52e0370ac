"""Tried treatments: what MedicationRequests say of drug, dose, weeks and outcome."""

from leads.http.fhir.codes import Resource, in_words
from leads.http.fhir.entries import Entries

# Units of UCUM, and the words people write instead.
DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": 30.4375, "month": 30.4375, "months": 30.4375, "a": 365.25}


def read_trials(entries: Entries) -> list[Resource]:
    """Return a Bundle's tried treatments, in its order."""
    return [_trial(entries, each.resource) for kind in ("MedicationRequest", "MedicationStatement") for each in entries.each(kind)]


def _trial(entries: Entries, told: Resource) -> Resource:
    dosage: Resource = next(iter(told.get("dosageInstruction") or told.get("dosage") or ()), {})
    notes = [note["text"] for note in told.get("note", ()) if note.get("text")]
    return {
        "drug": _drug(entries, told),
        "dose": dosage.get("text"),
        "weeks": _weeks(told, dosage),
        "outcome": "; ".join(filter(None, (in_words(told.get("statusReason")), *notes))) or None,
    }


def _drug(entries: Entries, told: Resource) -> str | None:
    reference = told.get("medicationReference")
    entry = entries.find(reference)
    named = entry.resource.get("code") if entry else told.get("medicationCodeableConcept")
    return in_words(named) or (reference or {}).get("display")


def _weeks(told: Resource, dosage: Resource) -> int | None:
    repeat = dosage.get("timing", {}).get("repeat", {})
    lasted = repeat.get("boundsDuration") or told.get("dispenseRequest", {}).get("expectedSupplyDuration") or {}
    days = DAYS.get(lasted.get("code") or lasted.get("unit") or "")
    value = lasted.get("value")
    return round(float(value) * days / 7) if days and value is not None else None
