"""`GET /fhir/Task?…`: what a search means for us, and its answer as a searchset Bundle."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.http.fhir.codes import NPI, US, Resource, base
from leads.http.fhir.entries import refused
from leads.http.fhir.write_task import moment, view, write_request, write_task
from leads.loop.models import Referral
from leads.loop.states import STATES
from leads.providers.models import Practice, Provider
from leads.referrals.shown import Shown, Wanted, ask_next_since, page

MOST, USUAL = 200, 50
KNOWN = ("requester", "requester:identifier", "owner", "status", "focus", "_id", "_lastUpdated", "_include", "_count", "_after")
MOMENT = re.compile(r"(gt|ge)?(.+)")
Asked = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Found:
    """The Bundle that answers a search, and the referrals it shows."""

    bundle: Resource
    referrals: Sequence[Referral]


def search(session: Session, practice: Practice, asked: Asked) -> Found:
    """Return one page of the Tasks a practice asks for; raises Invalid for a value that cannot be. What we don't know is left out.

    The Bundle's `self` link says what was understood, and `meta.lastUpdated` from when to ask the next time.
    """
    understood = [(name, value) for name, value in asked if name in KNOWN]
    given: dict[str, list[str]] = {}
    for name, value in understood:
        given.setdefault(name, []).append(value)
    limit, after = _count(given, "_count", USUAL), _count(given, "_after", 0)
    next_since = ask_next_since()
    found, more = (
        page(session, practice.id, _wanted(session, practice, given), after=after, limit=min(limit, MOST)) if limit else ([], False)
    )
    links = [_link("self", understood)]
    if more:
        onward = [(name, value) for name, value in understood if name != "_after"]
        links.append(_link("next", [*onward, ("_after", str(found[-1].referral.serial))]))
    included = "Task:focus" in given.get("_include", ())
    entries = list(_entries(session, found, included=included))
    bundle = {"resourceType": "Bundle", "type": "searchset", "meta": {"lastUpdated": moment(next_since)}, "link": links}
    return Found(bundle | ({"entry": entries} if entries else {}), [each.referral for each in found])


def is_a_poll(asked: Asked) -> bool:
    """True for a search that looks for news, not for one known Task nor for a further page of what was found."""
    return not {"_id", "focus", "_after"} & {name for name, _ in asked}


def providers_of(session: Session, found: Iterable[Shown]) -> Mapping[uuid.UUID, Provider]:
    """Return who sent these referrals, by id."""
    ids = {each.referral.provider_id for each in found}
    return {provider.id: provider for provider in session.scalars(select(Provider).where(Provider.id.in_(ids)))}


def _entries(session: Session, found: Sequence[Shown], *, included: bool) -> Iterable[Resource]:
    providers = providers_of(session, found)
    shown = [(each.referral, providers[each.referral.provider_id], view(each)) for each in found]
    yield from (_entry(write_task(*each), "match") for each in shown)
    if included:
        yield from (_entry(write_request(*each), "include") for each in shown)


def _entry(resource: Resource, mode: str) -> Resource:
    return {"fullUrl": f"{base()}/{resource['resourceType']}/{resource['id']}", "resource": resource, "search": {"mode": mode}}


def _link(relation: str, asked: Asked) -> Resource:
    query = urlencode(asked)
    return {"relation": relation, "url": f"{base()}/Task{'?' if query else ''}{query}"}


def _wanted(session: Session, practice: Practice, given: Mapping[str, list[str]]) -> Wanted:
    ids = [_ids(given.get("_id"), "Task"), _ids(given.get("focus"), "ServiceRequest")]
    # Everything we hold is ours to do: a search for another owner's Tasks finds none.
    nobody = "owner" in given and not any(_split(given["owner"], "Organization", US))
    named = [each for each in ids if each is not None] + ([set()] if nobody else [])
    return Wanted(
        since=_since(given.get("_lastUpdated")),
        states=_states(given.get("status")),
        ids=set.intersection(*named) if named else None,
        provider_ids=_requesters(session, practice, given),
    )


def _requesters(session: Session, practice: Practice, given: Mapping[str, list[str]]) -> set[uuid.UUID] | None:
    npis = [value.removeprefix(f"{NPI}|") for value in _values(given.get("requester:identifier"))]
    asked = given.get("requester")
    if asked and any(_split(asked, "Organization", str(practice.id))):
        asked = None
    if asked is None and "requester:identifier" not in given:
        return None
    theirs = select(Provider.id).where(Provider.practice_id == practice.id)
    theirs = theirs.where(Provider.npi.in_(npis)) if "requester:identifier" in given else theirs
    ids = _ids(asked, "Practitioner")
    return set(session.scalars(theirs)) & ids if ids is not None else set(session.scalars(theirs))


def _states(given: list[str] | None) -> set[str] | None:
    if given is None:
        return None
    return {state for state, standing in STATES.items() if standing.task in set(_values(given))}


def _since(given: list[str] | None) -> datetime | None:
    if not given:
        return None
    found = MOMENT.fullmatch(given[-1])
    try:
        # A `+` of a time zone that was not encoded arrives as a blank.
        at = datetime.fromisoformat(found[2].replace(" ", "+")) if found and found[1] else None
    except ValueError:
        at = None
    if at is None:
        raise refused("Task._lastUpdated", "value", "Ask for what is newer, such as _lastUpdated=gt2026-10-06T14:00:00Z.")
    # What we show is exact to the millisecond, so "not before" is "later than the one before it".
    at -= timedelta(milliseconds=1 if found and found[1] == "ge" else 0)
    return at if at.tzinfo else at.replace(tzinfo=clinic().office(None).zone)


def _ids(given: list[str] | None, kind: str) -> set[uuid.UUID] | None:
    if given is None:
        return None
    return {found for value in _values(given) if (found := _uuid(_plain(value).removeprefix(f"{kind}/"))) is not None}


def _split(given: list[str], kind: str, wanted: str) -> Iterable[bool]:
    return (_plain(value).removeprefix(f"{kind}/") == wanted for value in _values(given))


def _plain(reference: str) -> str:
    return reference.removeprefix(f"{base()}/").partition("/_history")[0]


def _values(given: list[str] | None) -> list[str]:
    return [part for value in given or () for part in value.split(",") if part]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _count(given: Mapping[str, list[str]], name: str, usual: int) -> int:
    text = given.get(name, [str(usual)])[-1]
    if not text.isdecimal() or len(text) > 12:
        raise refused(f"Task.{name}", "value", "This is a whole number, 0 or more.")
    return int(text)
