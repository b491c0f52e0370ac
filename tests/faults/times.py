"""Faults of time: no clock, two, three; the days on which the clocks change; ten days of nothing."""

import time as wall
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leads.clock import now
from tests.faults.evidence import Hours
from tests.faults.house import USUAL
from tests.faults.run import Run
from tests.faults.table import Breaks, fault

ZONE = "America/New_York"
# As a sequence's file writes it; the checker has its own idea of the same hours.
WINDOW = {"office": "woodbury", "rule": {"from": "09:00", "to": "18:00"}}
HOURS = Hours(ZONE, time(9), time(18))
FORWARD, BACK = timedelta(hours=1), timedelta(hours=-1)


def _beats(*names: str) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        run.work(*USUAL, *names)
        run.post(count)
        run.until("answered", 1.0)

    return breaks


fault("no beat", quick=30, long=1_000)(_beats())
fault("two beats", quick=30, long=1_000, ci=False)(_beats("beat-1", "beat-2"))
fault("three beats", quick=30, long=1_000)(_beats("beat-1", "beat-2", "beat-3"))


def _next_change(by: timedelta) -> datetime:
    day = now().astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    while (offset := day.utcoffset()) is not None and ((day + timedelta(days=1)).utcoffset() or offset) - offset != by:
        day += timedelta(days=1)
    return day.astimezone(UTC)


def _through_the_night(by: timedelta) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        midnight = _next_change(by)
        run.house.hop(midnight - timedelta(hours=1))
        for hour in range(8):
            # Due in the gap, in the hour that comes twice, and around them.
            due = midnight + timedelta(minutes=60 * hour + 30)
            run.post(count // 8, want={"hours": HOURS}, lane="education", window=WINDOW, due_at=due)
        run.work()
        step = 5 if run.long else 30
        for minutes in range(0, 11 * 60, step):
            run.house.hop(midnight + timedelta(minutes=minutes))
            wall.sleep(0.12)

    return breaks


fault("the night the clocks go back", quick=24, long=400)(_through_the_night(BACK))
fault("the night the clocks go forward", quick=24, long=400)(_through_the_night(FORWARD))


@fault("ten days of nothing", quick=30, long=1_000)
def ten_days_of_nothing(run: Run, count: int) -> None:
    run.house.end_workers()
    begin = now()
    for day in range(10):
        due = begin + timedelta(days=day, hours=1)
        fresh = day == 9
        ends = frozenset({"sent"} if fresh else {"expired"})
        run.post(count // 10, want={"ends": ends}, due_at=due, useful_until=due + timedelta(days=1))
    run.house.hop(begin + timedelta(days=9, hours=2))
    run.work()
