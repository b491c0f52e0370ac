"""What a template may know: the message's own facts, the person's allow-listed ones, and the links of this mail."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from config.settings import settings
from leads.clinic.in_words import day_in_words, in_words, time_in_words
from leads.clinic.profile import clinic
from leads.clock import now, real_now
from leads.messages.due import Due
from leads.messages.recipients import OF_OURS
from leads.messages.templates import catalogue
from leads.security.tokens import (
    CONFIRM_FOR,
    INVITATION_FOR,
    REBOOK_FOR,
    SCREENING_FOR,
    SIGN_IN_FOR,
    STATUS_FOR,
    VISIT_FOR,
    Grant,
    Purpose,
    Right,
    derive,
)


class Link(NamedTuple):
    """A kind of link: where it leads, what it may do, and for how long."""

    path: str
    purpose: Purpose
    lives: timedelta


# The links a mail to somebody who refers may carry, by the fact a template declares for it.
OF_REFERRER = {
    "status_url": Link("/r", "referrer", STATUS_FOR),
    "sign_in_url": Link("/portal/enter", "sign_in", SIGN_IN_FOR),
}
# Those a mail to one of us may carry.
OF_STAFF = {"invitation_url": Link("/console/invited", "invitation", INVITATION_FOR)}
# Those a mail to a person may carry beside the way out and the confirmation.
OF_PERSON = {"visit_url": Link("/a", "visit", VISIT_FOR), "screening_url": Link("/s", "screening", SCREENING_FOR)}
SPOKEN_TIMES = ("expected_by", "visit_at")


def facts_for(due: Due) -> dict[str, Any]:
    """Return the plain values a render of this message may use; nothing is read or written."""
    return spoken(due.facts, due.language) | {"given_name": due.given_name, "discreet": due.discreet} | _links(due)


def spoken(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return the facts with their moments in words, by the clock of their office."""
    said, zone = dict(facts), clinic().office(facts.get("office")).zone
    for name in SPOKEN_TIMES:
        if name in facts and (moment := _moment(facts[name])) is not None:
            stem = name.rpartition("_")[0]
            said |= {name: in_words(moment, zone, language)}
            said |= {f"{stem}_day": day_in_words(moment, zone, language), f"{stem}_time": time_in_words(moment, zone)}
    return said


def to_keep(due: Due, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts a mail was made from as its row keeps them: with moments as moments, for another try says them anew."""
    return {**facts, **{name: due.facts[name] for name in SPOKEN_TIMES if name in due.facts}}


def _moment(given: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(given)
    except (TypeError, ValueError):
        # A worker of an earlier version kept the words in the moment's place: they are said as they are, beside their day and time.
        return None


def root_of_links(*, discreet: bool) -> str:
    """Return the origin that links of a mail begin with: to a discreet person the one that says nothing, where the clinic has one."""
    return (clinic().mail.discreet_url if discreet else None) or settings().public_url


def _links(due: Due) -> dict[str, str | None]:
    """Return the links of this mail, the same on each render."""
    root, unproved = root_of_links(discreet=due.discreet and due.to_person), due.to_unconfirmed and not due.confirmed
    if due.person_id is None:
        given = {name: f"{root}{link.path}/{derive(link.purpose, due.id)}" for name, link in _links_of_another(due)}
        return {"unsubscribe_url": None, "portal_url": f"{root}/portal", **given}
    return {
        "unsubscribe_url": f"{root}/u/{derive('unsubscribe', due.id)}",
        "preferences_url": f"{root}/p/{derive('preferences', due.person_id)}",
        "confirm_url": f"{root}/c/{derive('confirm', due.id)}" if unproved else None,
        **{name: f"{root}{link.path}/{derive(link.purpose, due.id)}" for name, link in _links_of_person(due)},
    }


def rights(due: Due) -> list[Right]:
    """Return what the links of this mail stand for; recorded in the transaction that lets it go, they begin to work."""
    if due.person_id is None:
        links = (link for _, link in _links_of_another(due) if not due.facts.get("trial"))
        return [Right(due.id, Grant(link.purpose, None, due.id, expires_at=real_now() + link.lives)) for link in links]
    mine = [
        Right(due.id, Grant("unsubscribe", due.person_id, due.id, due.topic)),
        Right(due.person_id, Grant("preferences", due.person_id)),
        *(Right(due.id, Grant(link.purpose, due.person_id, due.id, expires_at=_ends(due, link))) for _, link in _links_of_person(due)),
    ]
    confirm = Grant("confirm", due.person_id, due.id, expires_at=real_now() + CONFIRM_FOR)
    return [*mine, Right(due.id, confirm)] if due.to_unconfirmed else mine


def _links_of_person(due: Due) -> Iterator[tuple[str, Link]]:
    declared = catalogue()[due.template].declared
    for name, link in OF_PERSON.items():
        # A mail that was planned before visits had pages knows no visit to open.
        if name in declared and (link.purpose != "visit" or due.facts.get("appointment")):
            yield name, link


def _ends(due: Due, link: Link) -> datetime:
    """Return when a link of a person's mail ends, in real time: a visit's some time after the visit, whenever its mail went out."""
    visit = _moment(due.facts.get("visit_at")) if link.purpose == "visit" else None
    if visit is None:
        return real_now() + link.lives
    # What goes out after the visit can only lead to another one, and gives some time for that.
    return real_now() + (visit - now() + link.lives if visit > now() else REBOOK_FOR)


def _links_of_another(due: Due) -> Iterator[tuple[str, Link]]:
    # A claim that nobody verified opens no page: whoever typed it may be anybody. What goes to one of us leads to the console, whose
    # door is its own: a page that was forwarded opens nothing. Only an invitation opens that door, once.
    if due.recipient != "provider_claims":
        theirs = OF_STAFF if due.recipient in OF_OURS else OF_REFERRER
        yield from ((name, link) for name, link in theirs.items() if name in catalogue()[due.template].declared)
