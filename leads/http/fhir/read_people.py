"""Who refers, whom, and what the patient agreed to: Practitioner, Organization, Patient and Consent, in our words."""

from collections.abc import Iterable
from typing import Any

from leads.http.fhir.codes import GRANTS, NPI, Resource, codings, in_words, ours
from leads.http.fhir.entries import Entries, Entry, refused

ROLE, PERSON, PRACTICE = "PractitionerRole", "Practitioner", "Organization"
Places = dict[str, str]


def read_provider(entries: Entries, request: Entry, *, practice: str) -> tuple[Resource, Places]:
    """Return the clinician who refers and where each thing about them stands; `practice` is what the key's own is called."""
    role = entries.follow(request, "requester", ROLE, PERSON, PRACTICE)
    person = entries.follow(role, "practitioner", PERSON) if role.type == ROLE else role
    if person.type == PRACTICE:
        # An NPI and a name stand for somebody who stays accountable, which a practice as a whole can't.
        person = next(entries.each(PERSON), None) or _nobody(request)
    organization = entries.find(role.resource.get("organization")) or next(entries.each(PRACTICE), None)
    reached = [*role.resource.get("telecom", ()), *person.resource.get("telecom", ())]
    said = _name(person) | {
        "npi": _npi(person),
        "practice": (organization.resource.get("name") if organization else None) or practice,
        "phone": _telecom(reached, "phone"),
        "fax": _telecom(reached, "fax"),
        "email": _telecom(reached, "email"),
    }
    own = {"npi": person.at("identifier"), "family_name": person.at("name"), "given_name": person.at("name")}
    return said, {f"provider.{name}": place for name, place in own.items()} | {"provider": person.at("telecom")}


def read_patient(entries: Entries, request: Entry) -> tuple[Resource, Places, list[str]]:
    """Return the patient, where each thing about them stands, and what we have no field for, in words."""
    entry = entries.follow(request, "subject", "Patient")
    reached = entry.resource.get("telecom", ())
    language, left = _language(entry.resource)
    said = _name(entry) | {
        "birth_date": entry.resource.get("birthDate"),
        "phone": _telecom(reached, "phone"),
        "email": _telecom(reached, "email"),
        "address": _address(entry.resource),
        "language": language,
        "consent": read_consent(entries),
    }
    places = {"patient": entry.at(), "patient.phone": entry.at("telecom"), "patient.email": entry.at("telecom")}
    places |= {"patient.birth_date": entry.at("birthDate"), "patient.family_name": entry.at("name"), "patient.given_name": entry.at("name")}
    consent = next(entries.each("Consent"), None)
    return said, places | ({"patient.consent": consent.at("policyRule")} if consent else {}), left


def read_consent(entries: Entries) -> Resource:
    """Return what active Consents permit, by our own codes, and by which version of the words; anything else grants nothing."""
    given: dict[str, Any] = {}
    for entry in entries.each("Consent"):
        provision = entry.resource.get("provision", {})
        if entry.resource.get("status") != "active" or provision.get("type", "permit") != "permit":
            continue
        named = {
            each.get("code") for concept in provision.get("code", ()) for each in codings(concept) if each.get("system") == ours("grants")
        }
        given |= {grant: True for grant in GRANTS if grant in named}
        given |= {"wording": in_words(entry.resource.get("policyRule"))} if named else {}
    return given


def _nobody(request: Entry) -> Entry:
    raise refused(request.at("requester"), "required", "Send the clinician who refers as well: a Practitioner with their NPI.")


def _npi(person: Entry) -> str | None:
    return next((each.get("value") for each in person.resource.get("identifier", ()) if each.get("system") == NPI), None)


def _name(entry: Entry) -> Resource:
    names = sorted(_current(entry.resource.get("name", ())), key=lambda name: name.get("use") != "official")
    first = names[0] if names else {}
    return {"given_name": " ".join(first.get("given", ())) or None, "family_name": first.get("family")}


def _telecom(points: Iterable[Resource], system: str) -> str | None:
    fitting = [each for each in _current(points) if each.get("system") == system and each.get("value")]
    first = min(fitting, key=lambda each: each.get("rank", 1), default=None)
    return first["value"].removeprefix("tel:").removeprefix("mailto:") if first else None


def _current(used: Iterable[Resource]) -> list[Resource]:
    return [each for each in used if each.get("use") not in ("old", "maiden") and not each.get("period", {}).get("end")]


def _address(patient: Resource) -> str | None:
    home = next(iter(_current(patient.get("address", ()))), {})
    parts = [*home.get("line", ()), home.get("city"), " ".join(filter(None, (home.get("state"), home.get("postalCode"))))]
    return home.get("text") or ", ".join(filter(None, parts)) or None


def _language(patient: Resource) -> tuple[str, list[str]]:
    spoken = sorted(patient.get("communication", ()), key=lambda each: not each.get("preferred"))
    codes = [str(each.get("code", ""))[:2] for way in spoken for each in codings(way.get("language"))]
    if not codes or codes[0] in ("en", "es"):
        return (codes[0] if codes else "en"), []
    # We write in two languages; whoever calls should know that the patient speaks a third.
    return "en", [f"Language: {in_words(spoken[0].get('language'))}"]
