"""The systems and codes the guides agree on, and those of our own, which begin with our public address."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from config.settings import settings

Resource = dict[str, Any]

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
IDENTIFIER_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
BSER: Final = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
COW: Final = "http://hl7.org/fhir/uv/cow/CodeSystem/temp"

BUSINESS: Mapping[str, str] = {
    "2.0": "Service Request Created",
    "3.0": "Service Request Accepted",
    "4.0": "Service Request Declined",
    "5.1.1": "Service Request Event Scheduled",
    "5.1.2": "Scheduled Service Request Event Unattended",
    "5.1.3": "Scheduled Service Request Event Cancelled",
    "5.1.4": "Service Request Event Completed",
    "5.2": "Service Request Cancellation Requested",
    "6.0": "Service Request Fulfillment Cancelled",
    "7.0": "Service Request Fulfillment Completed",
}
# 5.4 is what BSeR 1.0 called it.
ASKS_TO_CANCEL: Final = ("5.2", "5.4")
US: Final = "clinic"
GRANTS: Final = ("contact", "education", "unencrypted_email", "status_to_referrer")


def base() -> str:
    """Return our FHIR base address, without a closing slash."""
    return f"{settings().public_url}/fhir"


def ours(name: str) -> str:
    """Return one of our own systems: `grants` and `reasons` are code systems, `referral` and `inquiry` number what we received."""
    return f"{base()}/{'NamingSystem' if name in ('referral', 'inquiry') else 'CodeSystem'}/{name}"


def concept(system: str, code: str, words: str | None = None) -> Resource:
    """Return a CodeableConcept of one coding."""
    coding = {"system": system, "code": code} | ({"display": words} if words else {})
    return {"coding": [coding]}


def business_status(code: str) -> Resource:
    """Return a business status as BSeR writes it, or, for the one BSeR lacks, as Clinical Order Workflows does."""
    return concept(BSER, code, BUSINESS[code]) if code in BUSINESS else concept(COW, code)


def has_code(concept: Resource | None, system: str, code: str) -> bool:
    """True where one of a CodeableConcept's codings is this one."""
    return any(each.get("system") == system and each.get("code") == code for each in codings(concept))


def codings(concept: Resource | None) -> Iterable[Resource]:
    """Return the codings of a CodeableConcept, none where there is none."""
    found: Iterable[Resource] = (concept or {}).get("coding", ())
    return found


def in_words(concept: Resource | None) -> str | None:
    """Return a CodeableConcept as people read it: its text, or else what its codings are called."""
    if not concept:
        return None
    shown = [each.get("display") or each.get("code") for each in codings(concept)]
    return concept.get("text") or "; ".join(dict.fromkeys(word for word in shown if word)) or None
