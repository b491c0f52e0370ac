"""Where the clocks change between two steps of a plan: a reader of its calendar wonders about the hour otherwise."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from leads.sequences.plan import PlannedStep


def clock_changes(steps: Sequence[PlannedStep]) -> Iterator[date | None]:
    """Yield for each step the day on which the clocks changed since the one before it, or None."""
    yield from [None][: len(steps)]
    for before, after in pairwise(steps):
        yield _clock_change(before, after)


def next_change(zone: ZoneInfo, since: date, *, begins: bool) -> date | None:
    """Return the first day from `since` on whose clocks are put forward, or back; None where they are in no two years."""
    days = (since + timedelta(days=ahead) for ahead in range(2 * 366))
    return next((day for day in days if _gains(day, zone) == (1 if begins else -1)), None)


def local(step: PlannedStep) -> datetime:
    """Return when a step is due, by the office's wall clock and with its offset."""
    return datetime.fromisoformat(step.local_due.partition("[")[0])


def _clock_change(before: PlannedStep, after: PlannedStep) -> date | None:
    zone, one, other = ZoneInfo(after.zone), local(before), local(after)
    if one.utcoffset() == other.utcoffset():
        return None
    days = (one.date() + timedelta(days=ahead) for ahead in range(max(0, (other.date() - one.date()).days + 1)))
    # A day that begins with one offset and ends with another is the day on which the clocks change.
    return next((day for day in days if _offset(day, zone) != _offset(day + timedelta(days=1), zone)), None)


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()


def _gains(day: date, zone: ZoneInfo) -> int:
    before, after = _offset(day, zone) or timedelta(), _offset(day + timedelta(days=1), zone) or timedelta()
    return (after > before) - (after < before)
