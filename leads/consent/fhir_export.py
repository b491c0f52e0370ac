"""What somebody agreed to and chose, as FHIR R4 Consent: one for each grant and each choice, with its proof and how long it held."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from config.settings import settings
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.history import Act, history

Resource = dict[str, Any]
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
ACTION = "http://terminology.hl7.org/CodeSystem/consentaction"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
LOINC = "http://loinc.org"
# What begins to hold with an act, and whether it permits or denies; the next act on the same matter ends it.
BEGINS: Mapping[str, str] = {"grant": "permit", "stop": "deny", "rest": "deny", "set": "permit"}
# For what, in the words of HL7's purposes of use, and which use of information: `disclose` names somebody outside the clinic.
PURPOSES: Mapping[str, tuple[str, str]] = {
    "contact": ("PATADMIN", "use"),
    "education": ("TREAT", "use"),
    "unencrypted_email": ("PATRQT", "use"),
    "status_to_referrer": ("CAREMGT", "disclose"),
}
CHOSEN = ("PATRQT", "use")


def to_bundle(session: Session, person_id: uuid.UUID, *, merged: Sequence[uuid.UUID] = ()) -> Resource:
    """Return everything a person agreed to and chose as a FHIR collection of Consents, the oldest first; it names them by our id only.

    `merged` are records that were found to be the same person's: what was granted there is proof of what was, and holds no more.
    """
    consents = [each for one in (*merged, person_id) for each in _consents(person_id, history(session, [one])[::-1])]
    past = {str(act.id) for act in history(session, merged)}
    consents = [each | {"status": "inactive"} if each["id"] in past else each for each in consents]
    entries = [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in consents]
    bundle: Resource = {"resourceType": "Bundle", "type": "collection", "timestamp": _moment(now())}
    return bundle | ({"entry": entries} if entries else {})


def _consents(person_id: uuid.UUID, acts: Sequence[Act]) -> list[Resource]:
    return [_consent(person_id, act, _ended_by(act, acts[place + 1 :]), acts) for place, act in enumerate(acts) if act.act in BEGINS]


def _ended_by(act: Act, later: Sequence[Act]) -> Act | None:
    return next((each for each in later if each.what == act.what and _is_of(each, act) and each.act != "confirm"), None)


def _is_of(later: Act, act: Act) -> bool:
    # Telling one clinician says nothing about telling another; a withdrawal that names none is of all.
    return act.what != "status_to_referrer" or later.referral_id in (act.referral_id, None)


def _consent(person_id: uuid.UUID, act: Act, ended: Act | None, acts: Sequence[Act]) -> Resource:
    patient = {"reference": f"Patient/{person_id}"}
    until = _until(act, ended)
    proofs = [_proof("given", act), *([_proof("ended", ended)] if ended else [])]
    return {
        "resourceType": "Consent",
        "id": str(act.id),
        "extension": proofs,
        "status": "inactive" if until and until <= now() else "active",
        "scope": _concept(SCOPE, "patient-privacy"),
        "category": [_concept(LOINC, "59284-0")],
        "patient": patient,
        "dateTime": _moment(act.at),
        "performer": [patient],
        "organization": [{"display": clinic().practice.legal_name}],
        **_policy(act),
        "verification": [_verified(act, acts, patient)],
        "provision": _provision(act, until),
    }


def _until(act: Act, ended: Act | None) -> datetime | None:
    ends = [ended.at] if ended else []
    if act.act == "rest" and act.value:
        ends.append(datetime.fromisoformat(act.value))
    return min(ends, default=None)


def _policy(act: Act) -> Resource:
    # Consent wants a policy or a rule (ppc-1); what was said before wordings were kept, or in other words, has only the rule.
    if act.wording is None:
        return {"policyRule": {"text": "As said; no wording of ours was shown."}}
    return {"policy": [{"authority": settings().public_url, "uri": f"{_base()}/consent-wording/{act.wording}"}]}


def _verified(act: Act, acts: Sequence[Act], patient: Resource) -> Resource:
    """Return whether it is known that it was the person: they said it to us, or the address it came with is proved to be theirs."""
    if act.method == "spoken":
        return {"verified": True, "verifiedWith": patient, "verificationDate": _moment(act.at)}
    proved = next((each for each in acts if each.act == "confirm"), None)
    return {"verified": True, "verifiedWith": patient, "verificationDate": _moment(proved.at)} if proved else {"verified": False}


def _provision(act: Act, until: datetime | None) -> Resource:
    purpose, action = PURPOSES.get(act.what, CHOSEN)
    system = "grants" if act.act == "grant" else "choices"
    code = _concept(f"{_base()}/CodeSystem/{system}", act.what) | ({"text": f"{act.what}: {act.value}"} if act.value else {})
    provision: Resource = {
        "type": BEGINS[act.act],
        "period": {"start": _moment(act.at)} | ({"end": _moment(max(until, act.at))} if until else {}),
        "action": [_concept(ACTION, action)],
        "purpose": [{"system": REASON, "code": purpose}],
        "code": [code],
    }
    if act.referral_id:
        provision["data"] = [{"meaning": "related", "reference": {"reference": f"ServiceRequest/{act.referral_id}"}}]
    return provision


def _proof(name: str, act: Act) -> Resource:
    said = {"source": act.source, "method": act.method, "recordedBy": act.actor, "evidence": act.evidence}
    parts: list[Resource] = [{"url": key, "valueString": value} for key, value in said.items() if value]
    return {"url": _ours(name), "extension": [*parts, {"url": "at", "valueDateTime": _moment(act.at)}]}


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _ours(name: str) -> str:
    return f"{_base()}/StructureDefinition/{name}"


def _base() -> str:
    return f"{settings().public_url}/fhir"


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
