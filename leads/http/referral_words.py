"""A referral in its sender's words: what stands, what it means for them, and what has happened; only of what they may see."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from leads.clinic.profile import Choice, clinic
from leads.http.pages import local
from leads.loop.disclosure import News, Seen

MEANS: Mapping[str, str] = {
    "received": "We have it, and a person looks at it.",
    "needs_information": "We cannot go on without something from you.",
    "accepted": "We are in contact with your patient.",
    "declined": "We cannot take this on. Please see where to turn instead.",
    "booked": "A visit has been agreed with your patient.",
    "missed": "Your patient did not come. We get in touch with them.",
    "visit_cancelled": "The visit was called off. A new one has not been agreed yet.",
    "attended": "Your patient has been here.",
    "cancel_requested": "You asked to take it back. A person confirms it.",
    "cancelled": "You took it back, and we have confirmed it.",
    "closed": "Nothing more will follow from our side.",
}


class Line(NamedTuple):
    """One thing said about an event: what it is, and what was said; with its moment, where it is one."""

    label: str
    words: str
    at: datetime | None = None


def means(seen: Seen) -> str:
    """Return what a state means for the sender."""
    return "" if seen.level == "acknowledged" else MEANS[seen.state]


def destination(code: str | None) -> str:
    """Return the words of a next best destination, or nothing."""
    return _words(code, clinic().referrals.destinations)


def reason(code: str | None) -> str:
    """Return the words of a reason to decline, or nothing; a lead's outcome is one, too."""
    return _words(code, (*clinic().referrals.decline_reasons, *clinic().outcomes))


def lines(news: News) -> list[Line]:
    """Return what an event says beside its name."""
    return list(_lines(news.details))


def _lines(said: Mapping[str, object]) -> Iterator[Line]:
    missing = said.get("missing")
    if isinstance(missing, Sequence):
        yield from (Line("Missing", str(each)) for each in missing)
    if said.get("at"):
        at = datetime.fromisoformat(str(said["at"]))
        yield Line("When", local(at, "%A, %B %-d, %Y, %-I:%M %p"), at)
    for name, label in (("by", "By"), ("note", "Note"), ("summary", "Summary")):
        if said.get(name):
            yield Line(label, str(said[name]))
    for name, label, spoken in (("reason", "Reason", reason), ("outcome", "Outcome", reason), ("destination", "Next", destination)):
        if code := said.get(name):
            yield Line(label, spoken(str(code)))


def _words(code: str | None, choices: Sequence[Choice]) -> str:
    return next((each.words["en"] for each in choices if each.code == code), code or "")
