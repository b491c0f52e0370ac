"""What an order must be before we read it: the rules of the guides that a resource's own schema does not know."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from leads.errors import FieldError, Invalid
from leads.http.fhir.codes import IDENTIFIER_TYPE, TASK_CODE, Resource, codings, has_code
from leads.http.fhir.entries import Entries, Entry, refused

TAKEN = frozenset(
    {
        "Patient",
        "PractitionerRole",
        "Practitioner",
        "Organization",
        "ServiceRequest",
        "Task",
        "Condition",
        "Consent",
        "DocumentReference",
        "QuestionnaireResponse",
        "MedicationRequest",
        "MedicationStatement",
        "Medication",
        "AllergyIntolerance",
    }
)
IF_NONE_EXIST = re.compile(r"identifier=([^|&]*)\|([^&]+)")
Rule = tuple[str, Callable[[Resource], bool], str]

OF_REQUEST: tuple[Rule, ...] = (
    ("status", lambda it: it.get("status") == "active", "A new referral is active."),
    ("intent", lambda it: it.get("intent") == "order", "A referral is an order."),
    ("category", lambda it: bool(it.get("category")), "Give at least one category."),
    ("code", lambda it: bool(it.get("code")), "Say with a code what is asked for."),
    ("requester", lambda it: bool(it.get("requester")), "Say who refers."),
    ("reasonCode", lambda it: all(each.get("text") for each in it.get("reasonCode", ())), "Give each reason in words: reasonCode.text."),
)
OF_TASK: tuple[Rule, ...] = (
    # The guides disagree whether a Task arrives as requested or as received.
    ("status", lambda it: it.get("status") in ("requested", "received"), "A new Task is requested or received."),
    ("intent", lambda it: it.get("intent") == "order", "The Task of an order has the intent order."),
    ("code", lambda it: has_code(it.get("code"), TASK_CODE, "fulfill"), f"The Task's code is {TASK_CODE}#fulfill."),
    # BSeR's own example says 7.0 here; taken at its word it would be over before it began.
    ("businessStatus", lambda it: _business(it) in (None, "2.0"), "A new Task's businessStatus is 2.0, or left out."),
    ("for", lambda it: bool(it.get("for")), "Say for whom: the Patient."),
)


def check(entries: Entries, request: Entry, task: Entry) -> None:
    """Raise Invalid with all that is wrong at once."""
    wrong = [*_broken(request, OF_REQUEST), *_broken(task, OF_TASK), *_strangers(entries)]
    if entries.find(task.resource.get("focus")) is not request:
        wrong.append(FieldError(task.at("focus"), "not-found", "The Task's focus is the ServiceRequest, by its fullUrl."))
    if wrong:
        raise Invalid(" ".join(each.message for each in wrong), errors=tuple(wrong))


def placer_of(entries: Entries, request: Entry, header: str | None = None) -> tuple[str, str]:
    """Return the sender's own identifier of the request, the key by which the loop is closed; raises Invalid without exactly one.

    It may come as PLAC, in an entry's ifNoneExist and in the header If-None-Exist; where it comes twice, it is the same.
    """
    named = {(each.get("system", ""), each["value"]) for each in request.resource.get("identifier", ()) if _is_placer(each)}
    asked = {_searched(entry.if_none_exist) for entry in entries.all if entry.if_none_exist and entry.type in ("ServiceRequest", "Task")}
    asked |= {_searched(header)} if header else set()
    if len(named | asked) != 1:
        words = "Give one identifier of type PLAC with a value, your own for this request, and the same in ifNoneExist where you send that."
        raise refused(request.at("identifier"), "required", words)
    return next(iter(named | asked))


def _business(task: Resource) -> str | None:
    return next((each.get("code") for each in codings(task.get("businessStatus"))), None)


def _broken(entry: Entry, rules: tuple[Rule, ...]) -> Iterator[FieldError]:
    return (FieldError(entry.at(name), "value", words) for name, holds, words in rules if not holds(entry.resource))


def _strangers(entries: Entries) -> Iterator[FieldError]:
    words = f"We take {', '.join(sorted(TAKEN))}."
    return (FieldError(entry.at(), "not-supported", words) for entry in entries.all if entry.type not in TAKEN)


def _is_placer(identifier: Resource) -> bool:
    return bool(identifier.get("value")) and has_code(identifier.get("type"), IDENTIFIER_TYPE, "PLAC")


def _searched(query: str) -> tuple[str, str]:
    found = IF_NONE_EXIST.fullmatch(unquote(query.removeprefix("?")))
    if found is None:
        raise refused("Bundle.entry.request.ifNoneExist", "value", "Search by your own identifier: identifier=SYSTEM|VALUE.")
    return found[1], found[2]
