"""Reads what a simulation is to assume, in words: "replies on day 3", "pauses on day 3 until day 10"."""

import re
from dataclasses import dataclass

from leads.errors import Invalid

# What is understood, and an example of each; day 0 is the day of the start.
FORMS = (
    ("replies", r"replies on day (?P<day>\d+)", "replies on day 3"),
    ("confirms", r"confirms on day (?P<day>\d+)", "confirms on day 1"),
    ("books", r"books on day (?P<day>\d+)(?: for day (?P<other>\d+))?", "books on day 5 for day 12"),
    ("moves-visit", r"moves the visit on day (?P<day>\d+) to day (?P<other>\d+)", "moves the visit on day 6 to day 15"),
    ("cancels-visit", r"cancels the visit on day (?P<day>\d+)", "cancels the visit on day 6"),
    ("misses-visit", r"misses the visit on day (?P<day>\d+)", "misses the visit on day 12"),
    ("withdraws", r"withdraws(?: (?P<what>contact|education))? on day (?P<day>\d+)", "withdraws education on day 4"),
    ("asks-to-stop", r"asks to stop on day (?P<day>\d+)", "asks to stop on day 4"),
    ("pauses", r"pauses on day (?P<day>\d+) until day (?P<other>\d+)", "pauses on day 3 until day 10"),
    ("moves", r"moves to (?P<what>contacted|screening|qualified|booked|in_care|closed) on day (?P<day>\d+)", "moves to screening on day 4"),
    ("daylight", r"daylight saving (?P<what>begins|ends)(?: on day (?P<other>\d+))?", "daylight saving ends on day 3"),
    ("bounces", r"bounces on day (?P<day>\d+)", "bounces on day 3"),
    ("complains", r"complains on day (?P<day>\d+)", "complains on day 3"),
    ("answers", r"answers the screening on day (?P<day>\d+)", "answers the screening on day 6"),
    ("does", r"to-do done on day (?P<day>\d+)", "to-do done on day 7"),
)
EXAMPLES = tuple(example for _, _, example in FORMS)


@dataclass(frozen=True)
class Assumption:
    """One thing that is taken to happen on a day after the start; `other` is the day it speaks of besides, `what` the word it names."""

    kind: str
    day: int
    other: int | None = None
    what: str | None = None


def assumption(text: str) -> Assumption:
    """Return what a sentence assumes; raises Invalid with an example of every form there is."""
    said = " ".join(text.lower().split())
    for kind, pattern, _ in FORMS:
        if found := re.fullmatch(pattern, said):
            days = found.groupdict()
            return Assumption(kind, int(days.get("day") or 0), int(days["other"]) if days.get("other") else None, days.get("what"))
    raise Invalid(f'--assume: "{text}" is not understood. Understood are: {"; ".join(EXAMPLES)}.')
