"""On which terms messages are put down: their hours, for how long they are of use, and which of them must wait or never go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults.evidence import Hours

ZONE = "America/New_York"
OPEN, LATER = Hours(ZONE, time(9), time(18)), Hours(ZONE, time(13), time(18))
WEEKDAYS = Hours(ZONE, time(9), time(18), frozenset(range(5)))
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Longer than all retries together; over before it is due; over before its hours begin, for all is put down at ten in the morning.
LASTING, OVER, TOO_SHORT = timedelta(days=3), timedelta(minutes=-1), timedelta(hours=2)
MORNING = time(10)


@dataclass(frozen=True)
class Terms:
    """The hours of one message, how long after its due time it is of use, and what that makes of it."""

    hours: Hours | None
    lasts: timedelta
    waits: bool = False
    expires: bool = False

    def asked(self, due: datetime) -> dict[str, Any]:
        """Return what the product is told of it."""
        return {"window": window(self.hours) if self.hours else None, "useful_until": due + self.lasts}

    def ends(self, ends: frozenset[str]) -> frozenset[str]:
        """Return the ends it may come to, where another in its place could come to `ends`."""
        return frozenset({"expired"}) | (ends & {"skipped", "unknown"}) if self.expires else ends


# By threes over the lanes; what answers somebody (each third) keeps no hours. Two of nine must never go, and one must wait.
TERMS = (
    Terms(None, LASTING),
    Terms(OPEN, LASTING),
    Terms(OPEN, LASTING),
    Terms(None, OVER, expires=True),
    Terms(LATER, LASTING, waits=True),
    Terms(OPEN, LASTING),
    Terms(None, LASTING),
    Terms(OPEN, LASTING),
    Terms(LATER, TOO_SHORT, expires=True),
)


def terms_of(number: int, *, at_once: bool) -> Terms:
    """Return the terms of the so-manieth message; `at_once`: of one that neither waits nor expires."""
    return TERMS[number % 3 if at_once else number % len(TERMS)]


def window(hours: Hours) -> Mapping[str, Any]:
    """Return these hours as a sequence's file writes them; the checker has its own idea of the same."""
    days = {"days": [NAMES[day] for day in sorted(hours.days)]}
    return {"office": "woodbury", "rule": {"from": f"{hours.opens:%H:%M}", "to": f"{hours.closes:%H:%M}"} | days}


def next_tuesday(at: datetime) -> datetime:
    """Return the Tuesday that follows, ten in the morning in New Haven."""
    there = at.astimezone(ZoneInfo(ZONE))
    return _morning(there + timedelta(days=(1 - there.weekday()) % 7))


def first_shown(wall: datetime) -> datetime:
    """Return the first moment at which the office's wall shows this local time or a later one.

    Found by walking, so that the product is not its own judge: a time the clocks leap over is met behind the leap, one that comes twice
    the first time.
    """
    at = wall.replace(tzinfo=UTC)
    while at.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) < wall:
        at += timedelta(minutes=1)
    return at


def _morning(there: datetime) -> datetime:
    return there.replace(hour=MORNING.hour, minute=0, second=0, microsecond=0).astimezone(UTC)
