"""`GET /fhir/metadata`: the CapabilityStatement, true to what is built."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Response

from leads.clinic.profile import clinic
from leads.clock import now
from leads.http.fhir.codes import GRANTS, Resource, base, ours
from leads.http.fhir.outcome import as_fhir

router = APIRouter()

POLLING = (
    "Poll Task at least each business day, better hourly, not under every 15 minutes (429 beyond). Ask with _lastUpdated=gt and the "
    "meta.lastUpdated of the Bundle before. Or subscribe."
)
SENDING = (
    "A referral is a transaction Bundle of Patient, Practitioner (NPI), ServiceRequest (one PLAC identifier) and Task, with optional "
    "PractitionerRole, Organization, Condition, Consent, MedicationRequest, AllergyIntolerance, QuestionnaireResponse and "
    "DocumentReference (content in base64). The same PLAC with the same content answers 200 with what there is; with other content 409, "
    "and it waits for a person."
)
CHANGING = (
    "Its sender may PUT a Task, with If-Match: status cancelled before it is in progress, businessStatus 5.2 (or 5.4) to ask for that "
    "later, or a note while it is on-hold. POST Task takes a Task of the code abort whose focus is the Task to be cancelled."
)
OWN_SITE = (
    "What a key of the practice handed on by POST /api/v1/inquiries is a self-referral: its id reads as Task and ServiceRequest, requester "
    "the practice. Searches leave it out."
)
SEARCH = (
    ("requester", "reference", "Practitioner/ID or Organization/ID; with :identifier, system|NPI"),
    ("owner", "reference", "Organization/clinic: every Task is ours to do"),
    ("status", "token", "one or several, with commas"),
    ("focus", "reference", "ServiceRequest/ID"),
    ("_id", "token", "one or several, with commas"),
    ("_lastUpdated", "date", "with the prefix gt"),
)


@router.get("/metadata")
def show_metadata() -> Response:
    """What this server can do; nobody needs a key to read it."""
    return as_fhir(capability_statement())


def capability_statement() -> Resource:
    """Return the CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": now().date().isoformat(),
        "publisher": clinic().practice.name,
        "kind": "instance",
        "software": {"name": "Warm Handoff", "version": version("warm-handoff")},
        "implementation": {"description": f"Referrals to {clinic().practice.name}", "url": base()},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [_rest()],
    }


def _rest() -> dict[str, Any]:
    return {
        "mode": "server",
        "documentation": " ".join((SENDING, CHANGING, POLLING, OWN_SITE, _grants())),
        "security": {"description": "Authorization: Bearer KEY, a key of one practice with the scope fhir. TLS is the operator's."},
        "resource": [_task(), *(_resource(kind, "read") for kind in ("ServiceRequest", "Practitioner", "Organization")), _subscription()],
        "interaction": [{"code": "transaction"}],
    }


def _task() -> dict[str, Any]:
    parameters = [{"name": name, "type": kind, "documentation": words} for name, kind, words in SEARCH]
    return _resource("Task", "read", "search-type", "history-instance", "update", "create") | {
        "versioning": "versioned-update",
        "updateCreate": False,
        "searchInclude": ["Task:focus"],
        "searchParam": parameters,
    }


def _subscription() -> dict[str, Any]:
    words = "R4 backport, id-only: rest-hook to an HTTPS host the clinic allows, or email to an address the clinic knows as yours."
    return _resource("Subscription", "create", "read", "search-type", "delete") | {"documentation": words}


def _resource(kind: str, *interactions: str) -> dict[str, Any]:
    return {"type": kind, "interaction": [{"code": each} for each in interactions]}


def _grants() -> str:
    codes = ", ".join(GRANTS)
    return (
        f"What the patient granted: an active Consent whose provision.code names {codes} of {ours('grants')}, policyRule.text the wording."
    )
