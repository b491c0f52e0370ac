"""Who looked at what of a lead, and which pages of ours were opened, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

PAGES = {
    "confirm": "the page to confirm their address",
    "unsubscribe": "the page to stop our mails",
    "preferences": "their preferences",
    "screening": "the questions",
    "visit": "the page of their visit",
}
# What colleagues, connected systems and referrers looked at besides the record itself: of one, and of several.
LOOKED_AT = {
    "record": ("the record", "the record"),
    "mail": ("a mail", "{} mails"),
    "screening": ("the screening", "the screening"),
    "document": ("a document", "{} documents"),
    "referral": ("the referral", "the referral"),
    "status": ("the referral's status page", "the referral's status page"),
}


class Looked(NamedTuple):
    """That somebody looked on one day: when last, who, at what, and how often."""

    at: datetime
    actor: str
    what: str
    times: int


def looked_words(looks: Sequence[Looked]) -> str:
    """Return in words what somebody looked at on one day, the record itself first and how often."""
    times = {each.what: each.times for each in looks}
    of_record = times.pop("record", 0)
    rest = [LOOKED_AT[what][times[what] > 1].format(times[what]) for what in LOOKED_AT if what in times]
    if not of_record:
        return f"Opened {' and '.join(rest)}"
    read = f"Read {of_record} times that day" if of_record > 1 else "Read"
    return f"{read}, and {', '.join(rest)}" if rest else read
