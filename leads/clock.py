"""now() and business time: the one thing tests freeze and `handoff up --speed` stretches."""

import json
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import settings

_frozen: list[datetime] = []


def now() -> datetime:
    """Return the system's time, aware, in UTC: real, stretched or frozen."""
    if _frozen:
        return _frozen[-1]
    return _running_clock()()


def real_now() -> datetime:
    """Return the wall's time in UTC; leases, sessions, tokens and form limits go by it."""
    return datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[Callable[[timedelta], None]]:
    """Stop the clock at `at`; yields a function that moves it on. For tests and simulations."""
    _frozen.append(at.astimezone(UTC))
    depth = len(_frozen) - 1

    def advance(by: timedelta) -> None:
        _frozen[depth] += by

    try:
        yield advance
    finally:
        _frozen.pop()


@dataclass(frozen=True)
class Anchor:
    """A stretched clock: at the real moment `real` it showed `shown`, and it runs `speed` times as fast."""

    real: datetime
    shown: datetime
    speed: float = 1.0

    def read(self, at: datetime | None = None) -> datetime:
        """Return what the clock shows at a real moment (now by default)."""
        return self.shown + ((at or real_now()) - self.real) * self.speed

    def save(self, path: Path) -> None:
        """Write the anchor where every process of this data folder finds it."""
        words = {"real": self.real.isoformat(), "shown": self.shown.isoformat(), "speed": self.speed}
        spare = path.with_suffix(".tmp")
        spare.write_text(json.dumps(words))
        os.replace(spare, path)


def load_anchor(path: Path) -> Anchor | None:
    """Return the anchor kept at `path`, or None where the clock is simply real."""
    if not path.exists():
        return None
    words = json.loads(path.read_text())
    return Anchor(datetime.fromisoformat(words["real"]), datetime.fromisoformat(words["shown"]), float(words["speed"]))


@lru_cache
def _running_clock() -> Callable[[], datetime]:
    anchor = load_anchor(settings().handoff_data_dir / "clock.json") if settings().is_local else None
    return anchor.read if anchor else real_now


def speed() -> float:
    """Return how many times faster than real time the system's clock runs."""
    anchor = load_anchor(settings().handoff_data_dir / "clock.json") if settings().is_local else None
    return anchor.speed if anchor else 1.0


@dataclass(frozen=True)
class Calendar:
    """When an office is open: a zone, opening hours by weekday (Monday is 0) and closed dates with their names."""

    zone: ZoneInfo
    hours: Mapping[int, tuple[tuple[wall_time, wall_time], ...]]
    closed: Callable[[date], str | None] = field(default=lambda _: None)
    _years: dict[int, "OpenYear"] = field(default_factory=dict, compare=False, repr=False)

    def open_spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Return the day's opening spans as aware UTC moments; empty when closed."""
        if self.closed(day):
            return ()
        return tuple(
            (local_to_utc(day, start, self.zone), local_to_utc(day, end, self.zone)) for start, end in self.hours.get(day.weekday(), ())
        )

    def year(self, year: int) -> "OpenYear":
        """Return how long the office is open in a year of its own; worked out once."""
        if year not in self._years:
            days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
            spans = [span for day in days if day.year == year for span in self.open_spans(day)]
            self._years[year] = OpenYear.of(spans)
        return self._years[year]


@dataclass(frozen=True)
class OpenYear:
    """The opening spans of a year in their order, and before each how long the office was open already."""

    spans: Sequence[tuple[datetime, datetime]]
    before: Sequence[timedelta]
    open_in_all: timedelta

    @classmethod
    def of(cls, spans: Sequence[tuple[datetime, datetime]]) -> "OpenYear":
        """Return the year that has these spans."""
        *before, in_all = accumulate((closes - opens for opens, closes in spans), initial=timedelta())
        return cls(spans, before, in_all)

    def open_until(self, moment: datetime) -> timedelta:
        """Return how long the office was open in this year until a moment."""
        place = bisect_right(self.spans, moment, key=itemgetter(0)) - 1
        if place < 0:
            return timedelta()
        opens, closes = self.spans[place]
        # In UTC: moments of one zone are subtracted by the wall clock, which is an hour wrong across a change of offset.
        return self.before[place] + min(moment.astimezone(UTC), closes) - opens


def local_to_utc(day: date, at: wall_time, zone: ZoneInfo) -> datetime:
    """Return the UTC moment of a wall-clock time; a time in the spring gap becomes the first valid one, a repeated one its first."""
    local = datetime.combine(day, at.replace(fold=0) if at.fold else at, tzinfo=zone)
    there = local.astimezone(UTC)
    # Two moments of one zone are compared by the numbers on the wall alone: unequal means that this one does not exist.
    if there.astimezone(zone) == local:
        return there
    # PEP 495: in a gap, fold=1 reads the time with the offset after it and lands before; fold=0 lands past it.
    return _gap_end(local.replace(fold=1).astimezone(UTC), there, zone)


def _gap_end(before: datetime, past: datetime, zone: ZoneInfo) -> datetime:
    offset_after = past.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(past.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        crossed = datetime.fromtimestamp(middle, zone).utcoffset() == offset_after
        low, high = (low, middle) if crossed else (middle, high)
    return datetime.fromtimestamp(high, UTC)


def add_business_time(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    """Return the UTC moment at which `minutes` of open time have passed since `start`; raises ValueError if the office never opens."""
    # Two moments that share a zone are subtracted by their wall clocks, which is an hour wrong across a change of offset.
    start, left = start.astimezone(UTC), timedelta(minutes=minutes)
    day = start.astimezone(calendar.zone).date()
    for _ in range(731):
        for opens, closes in calendar.open_spans(day):
            begin = max(opens, start)
            if begin >= closes:
                continue
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
        day += timedelta(days=1)
    raise ValueError("the office is never open")


def business_minutes(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Return the whole minutes of open time between two moments; 0 where the second is the earlier one."""
    first, last = (moment.astimezone(calendar.zone).year for moment in (start, end))
    whole = sum((calendar.year(year).open_in_all for year in range(first, last)), timedelta())
    between = whole + calendar.year(last).open_until(end) - calendar.year(first).open_until(start)
    return max(0, int(between.total_seconds() // 60))


def end_of_business_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """Return the closing time, in UTC, of the `days`-th open day after the day of `start`."""
    day, left = start.astimezone(calendar.zone).date(), days
    for _ in range(731):
        day += timedelta(days=1)
        spans = calendar.open_spans(day)
        left -= bool(spans)
        if left == 0 and spans:
            return spans[-1][1]
    raise ValueError("the office is never open")
