"""From a referral, as far as its sender may see it, to the Task and ServiceRequest that show it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.clinic.profile import clinic
from leads.http.fhir.codes import IDENTIFIER_TYPE, NPI, TASK_CODE, US, Resource, business_status, concept, ours
from leads.loop.disclosure import News
from leads.loop.models import Referral, ReferralEvent
from leads.loop.states import STATES
from leads.providers.models import Provider
from leads.referrals.shown import Shown

EXPLAINED = ("rejected", "cancelled", "on-hold", "failed")
# What a state brings forth, and what becomes of the visit by it.
VISITS = {"booked": "booked", "missed": "noshow", "visit_cancelled": "cancelled", "attended": "fulfilled"}

# What becomes of the Task that asks to cancel, by how the referral stands; where it went on after all, it is rejected.
CANCELLATION = {"received": "received", "cancel_requested": "in-progress", "cancelled": "completed"}


@dataclass(frozen=True)
class View:
    """A referral at one moment, as its sender may see it."""

    state: str
    version: int
    at: datetime
    words: str
    told: Mapping[str, Any]

    @property
    def task_status(self) -> str:
        """The state as FHIR's Task.status."""
        return STATES[self.state].task


def view(shown: Shown) -> View:
    """Return how a referral stands now."""
    seen = shown.seen
    told = {"missing": seen.missing, "note": seen.note, "reason": seen.reason, "destination": seen.destination}
    visit = seen.appointment_at.isoformat() if seen.appointment_at else None
    return View(seen.state, seen.version, shown.changed_at, seen.words, told | {"at": visit})


def views(shown: Shown, events: Sequence[ReferralEvent]) -> list[View]:
    """Return what a referral's sender may see of its history, the newest first; `events` are all there are."""
    seen = shown.seen
    if seen.level == "acknowledged":
        return [View("received", 1, news.at, news.words, {}) for news in seen.news]
    return [_past(event, news) for event, news in zip(events, seen.news, strict=True)][::-1]


def _past(event: ReferralEvent, news: News) -> View:
    return View(event.state, event.version, news.at, news.words, news.details)


def write_task(referral: Referral, provider: Provider, shown: View) -> Resource:
    """Return the Task of a referral."""
    standing = STATES[shown.state]
    task: Resource = {
        "resourceType": "Task",
        "id": str(referral.id),
        "meta": {"versionId": str(shown.version), "lastUpdated": moment(shown.at)},
        "identifier": identifiers(referral),
        "status": standing.task,
        "businessStatus": business_status(standing.business),
        "intent": "order",
        "priority": referral.urgency,
        "code": concept(TASK_CODE, "fulfill", "Fulfill the focal request"),
        "focus": {"reference": f"ServiceRequest/{referral.id}", "type": "ServiceRequest"},
        "for": patient_of(referral),
        "authoredOn": moment(referral.received_at),
        "lastModified": moment(shown.at),
        "requester": requester_of(provider),
        "owner": us(),
    }
    if not standing.ended:
        task["restriction"] = {"period": {"end": moment(referral.expected_by)}}
    return task | _explained(shown) | _output(shown)


def write_request(referral: Referral, provider: Provider, shown: View) -> Resource:
    """Return the ServiceRequest of a referral: what its sender sent stays theirs, declining it revokes nothing."""
    request: Resource = {
        "resourceType": "ServiceRequest",
        "id": str(referral.id),
        "meta": {"versionId": str(shown.version), "lastUpdated": moment(shown.at)},
        "identifier": identifiers(referral),
        "status": STATES[shown.state].request,
        "intent": "order",
        "category": [concept("http://snomed.info/sct", "3457005", "Patient referral")],
        "priority": referral.urgency,
        "code": {"text": f"Consultation at {clinic().practice.name}"},
        "subject": patient_of(referral),
        "authoredOn": moment(referral.received_at),
        "requester": requester_of(provider),
        "performer": [us()],
    }
    # What 42 CFR Part 2 protects is not repeated to whoever holds the key today.
    return request if referral.part2 else request | {"reasonCode": [{"text": (referral.received or {})["reason"]}]}


def write_history(referral: Referral, provider: Provider, past: Sequence[View]) -> list[Resource]:
    """Return a Task's versions, the newest first; the first one is what was asked before we had answered."""
    tasks = [write_task(referral, provider, each) for each in past]
    return [*tasks[:-1], *(task | {"status": "requested"} for task in tasks[-1:])]


def write_cancellation(referral: Referral, asked: ReferralEvent, shown: View) -> Resource:
    """Return the Task by which a referral's sender asked to cancel it, as it stands: ours to do, done, or come too late."""
    return {
        "resourceType": "Task",
        "id": str(asked.id),
        "meta": {"versionId": str(shown.version), "lastUpdated": moment(shown.at)},
        "status": CANCELLATION.get(shown.state, "rejected"),
        "intent": "order",
        "code": concept(TASK_CODE, "abort", "Mark the focal resource as no longer active"),
        "focus": {"reference": f"Task/{referral.id}", "type": "Task"},
        "for": patient_of(referral),
        "authoredOn": moment(asked.at),
        "lastModified": moment(shown.at),
        "owner": us(),
    }


def identifiers(referral: Referral) -> list[Resource]:
    """Return the sender's own identifier of the request (PLAC), where they gave one, and our number (FILL)."""
    placer = referral.placer
    theirs = [_identifier("PLAC", placer["system"] or None, placer["value"])] if placer else []
    return [*theirs, _identifier("FILL", ours("referral"), referral.number)]


def patient_of(referral: Referral) -> Resource:
    """Return the reference to the patient: by our number, for who that is only sender and clinic know."""
    return {"type": "Patient", "identifier": {"system": ours("referral"), "value": referral.number}}


def requester_of(provider: Provider) -> Resource:
    """Return the reference to the clinician who refers."""
    npi = {"identifier": {"system": NPI, "value": provider.npi}} if provider.npi else {}
    return {"reference": f"Practitioner/{provider.id}", "type": "Practitioner", **npi, "display": provider.full_name}


def us() -> Resource:
    """Return the reference to the clinic."""
    return {"reference": f"Organization/{US}", "type": "Organization", "display": clinic().practice.name}


def moment(at: datetime) -> str:
    """Return a moment as FHIR writes an instant."""
    return at.isoformat(timespec="milliseconds")


def _identifier(kind: str, system: str | None, value: str) -> Resource:
    return {"type": concept(IDENTIFIER_TYPE, kind)} | ({"system": system} if system else {}) | {"value": value}


def _explained(shown: View) -> Resource:
    """Return why a Task ended or rests, and what its sender should do next."""
    told, explained = shown.told, {}
    if shown.task_status in EXPLAINED:
        reason = told.get("reason")
        missing = "; ".join(told.get("missing") or ())
        text = missing or _in_words(reason) or shown.words
        explained["statusReason"] = {"text": text} | ({"coding": [{"system": ours("reasons"), "code": reason}]} if reason else {})
    notes = [words for words in (told.get("note"), _destination(told.get("destination"))) if words]
    return explained | ({"note": [{"text": each} for each in notes]} if notes else {})


def _output(shown: View) -> Resource:
    if shown.state == "closed":
        # A completed Task has at least one output (Gravity), even where its sender may not know how it ended.
        return {"output": [{"type": {"text": "Outcome"}, "valueString": _in_words(shown.told.get("outcome")) or shown.words}]}
    if shown.state not in VISITS:
        return {}
    at = shown.told.get("at")
    if at is None:
        return {"output": [{"type": {"text": "Appointment"}, "valueString": shown.words}]}
    return {
        "contained": [_appointment(at, VISITS[shown.state])],
        "output": [{"type": {"text": "Appointment"}, "valueReference": {"reference": "#visit", "type": "Appointment"}}],
    }


def _appointment(at: str, status: str) -> Resource:
    # A start needs an end (app-2); how long a visit lasts is nothing we promise, so they are the same moment.
    when = moment(datetime.fromisoformat(at))
    participant = [{"actor": us(), "status": "accepted"}]
    return {"resourceType": "Appointment", "id": "visit", "status": status, "start": when, "end": when, "participant": participant}


def _in_words(code: str | None) -> str | None:
    """Return what a code of ours is called in English, the code itself where the clinic no longer lists it."""
    known = {each.code: each.words["en"] for each in (*clinic().outcomes, *clinic().referrals.decline_reasons)}
    return known.get(code, code) if code else None


def _destination(code: str | None) -> str | None:
    known = {each.code: each.words["en"] for each in clinic().referrals.destinations}
    return f"Please consider: {known.get(code, code)}" if code else None
