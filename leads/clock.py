"""now() and business time: the one thing tests freeze and `handoff up --speed` stretches."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import lru_cache
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

    def open_spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Return the day's opening spans as aware UTC moments; empty when closed."""
        if self.closed(day):
            return ()
        return tuple(
            (local_to_utc(day, start, self.zone), local_to_utc(day, end, self.zone)) for start, end in self.hours.get(day.weekday(), ())
        )


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
    """Return the whole minutes of open time between two moments, day by day, never minute by minute."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    total, day = timedelta(), start.astimezone(calendar.zone).date()
    last = end.astimezone(calendar.zone).date()
    while day <= last:
        for opens, closes in calendar.open_spans(day):
            total += max(min(closes, end) - max(opens, start), timedelta())
        day += timedelta(days=1)
    return int(total.total_seconds() // 60)


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
