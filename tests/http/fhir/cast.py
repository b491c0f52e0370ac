"""A transaction Bundle as a practice's record system sends it, and ways to change one thing in it."""

import base64
import copy
from typing import Any

from leads.clinic.profile import clinic
from leads.http.fhir.codes import BSER, IDENTIFIER_TYPE, NPI, TASK_CODE, ours

PLACER = ("https://ehr.riverside.test/orders", "ORD-7")
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()


def url(name: str) -> str:
    """The fullUrl of the entry called so."""
    return f"urn:uuid:0192a000-0000-7000-8000-{abs(hash_of(name)):012x}"


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode()[-5:], "big")


def ref(name: str) -> dict[str, str]:
    return {"reference": url(name)}


def concept(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **more}


def placer(system: str = PLACER[0], value: str = PLACER[1]) -> dict[str, Any]:
    return {"type": concept(IDENTIFIER_TYPE, "PLAC"), "system": system, "value": value}


def resources() -> dict[str, dict[str, Any]]:
    """What a complete referral consists of, by the names under which the entries refer to each other."""
    granted = [concept(ours("grants"), each) for each in ("contact", "status_to_referrer")]
    return {
        "patient": {
            "resourceType": "Patient",
            "name": [{"use": "official", "family": "Doe", "given": ["Jordan"]}],
            "birthDate": "1985-07-21",
            "telecom": [{"system": "phone", "value": "203-555-0123"}, {"system": "email", "value": "jordan@example.com"}],
            "address": [{"line": ["1 Elm Street"], "city": "New Haven", "state": "CT", "postalCode": "06510"}],
        },
        "clinician": {
            "resourceType": "Practitioner",
            "identifier": [{"system": NPI, "value": "1234567893"}],
            "name": [{"family": "Rivera", "given": ["Ana"]}],
            "telecom": [{"system": "phone", "value": "203-555-0140"}, {"system": "email", "value": "rivera@riverside.test"}],
        },
        "practice": {"resourceType": "Organization", "name": "Riverside Psychiatry"},
        "role": {"resourceType": "PractitionerRole", "practitioner": ref("clinician"), "organization": ref("practice")},
        "depression": {
            "resourceType": "Condition",
            "subject": ref("patient"),
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F33.2"}], "text": "Major depressive disorder"},
        },
        "consent": {
            "resourceType": "Consent",
            "status": "active",
            "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "category": [concept("http://loinc.org", "59284-0")],
            "patient": ref("patient"),
            "policyRule": {"text": clinic().consent.version},
            "provision": {"type": "permit", "code": granted},
        },
        "trial": {
            "resourceType": "MedicationRequest",
            "status": "stopped",
            "intent": "order",
            "subject": ref("patient"),
            "medicationCodeableConcept": {"text": "sertraline"},
            "dosageInstruction": [{"text": "200 mg", "timing": {"repeat": {"boundsDuration": {"value": 10, "unit": "wk", "code": "wk"}}}}],
            "statusReason": {"text": "no response"},
        },
        "request": {
            "resourceType": "ServiceRequest",
            "identifier": [placer()],
            "status": "active",
            "intent": "order",
            "category": [concept("http://snomed.info/sct", "3457005")],
            "priority": "urgent",
            "code": {"text": "Consultation"},
            "subject": ref("patient"),
            "authoredOn": "2026-10-06T09:55:00-04:00",
            "requester": ref("role"),
            "reasonCode": [{"text": "Two adequate trials without response."}],
            "reasonReference": [ref("depression")],
            "supportingInfo": [ref("consent"), ref("trial")],
            "note": [{"text": "Prefers mornings."}],
        },
        "task": {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "code": concept(TASK_CODE, "fulfill"),
            "businessStatus": concept(BSER, "2.0"),
            "focus": ref("request"),
            "for": ref("patient"),
            "authoredOn": "2026-10-06T09:55:00-04:00",
            "requester": ref("role"),
        },
    }


def bundle(_without: tuple[str, ...] = (), **changes: dict[str, Any] | None) -> dict[str, Any]:
    """A Bundle of all of them; `name={…}` changes elements of one (None takes one away) or adds a resource."""
    named = copy.deepcopy(resources())
    for name, changed in changes.items():
        whole = named.get(name, {}) | (changed or {})
        named[name] = {element: value for element, value in whole.items() if value is not None}
    return packed({name: each for name, each in named.items() if name not in _without})


def packed(named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A transaction Bundle of these resources."""
    entries = [{"fullUrl": url(name), "resource": each, "request": _posted(each)} for name, each in named.items()]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def abort_of(task_id: str) -> dict[str, Any]:
    """A Task that asks to cancel another one."""
    focus = {"reference": f"Task/{task_id}"}
    told = {"statusReason": {"text": "The patient moved away."}}
    return {"resourceType": "Task", "status": "requested", "intent": "order", "code": concept(TASK_CODE, "abort"), "focus": focus, **told}


def _posted(resource: dict[str, Any]) -> dict[str, str]:
    return {"method": "POST", "url": resource["resourceType"]}
