"""The referral form as it is typed: flat names and lists there, nested fields for the model, rows for the summary."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TRIAL = ("drug", "dose", "weeks", "outcome")
TRIALS_SHOWN, TRIALS_OFFERED, MOST_TRIALS = 2, 6, 12
LISTS = ("contraindications",)
# In the order of the page, so that a summary of errors leads down it.
ON_PAGE = (
    "provider.npi", "provider.given_name", "provider.family_name", "provider.practice", "provider.phone", "provider.fax",
    "provider.email", "submitted_by.name", "submitted_by.email", "patient.given_name", "patient.family_name", "patient.birth_date",
    "patient.language", "patient.phone", "patient.email", "patient.safe_voicemail", "patient.safe_email", "patient.address",
    "patient.consent.contact", "patient.consent.education", "patient.consent.unencrypted_email", "patient.consent.status_to_referrer",
    "patient.consent.wording", "current_risk", "urgency", "office", "reason", "diagnosis", "trials", "contraindications", "note",
    "attachments", "part2",
)  # fmt: skip


def typed_rows(fields: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return the treatments that were typed, without the rows left blank."""
    rows = [{part: fields.get(f"trials.{row}.{part}", [""])[-1] for part in TRIAL} for row in range(MOST_TRIALS)]
    return [row for row in rows if any(value.strip() for value in row.values())]


def compact(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what was typed with the treatments in consecutive rows, so that an error about the second one is shown at the second."""
    kept = {name: list(values) for name, values in fields.items() if not name.startswith("trials.")}
    for place, row in enumerate(typed_rows(fields)):
        kept |= {f"trials.{place}.{part}": [value] for part, value in row.items()}
    return kept


def nested(fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the object the model reads; blank fields are left out."""
    whole: dict[str, Any] = {"provider": {}, "patient": {}}
    for name, values in fields.items():
        given = [value for value in values if value.strip()]
        if not given or name.startswith("trials."):
            continue
        *path, leaf = name.split(".")
        place = whole
        for part in path:
            place = place.setdefault(part, {}) if isinstance(place, dict) else {}
        place[leaf] = given if name in LISTS else given[-1]
    whole["trials"] = [{part: value for part, value in row.items() if value.strip()} for row in typed_rows(fields)]
    return whole


def in_order(names: Iterator[str]) -> list[str]:
    """Return field names in the order of the page."""
    places = {name: place for place, name in enumerate(ON_PAGE)}
    return sorted(names, key=lambda name: places.get(name, places.get(name.split(".")[0], len(places))))
