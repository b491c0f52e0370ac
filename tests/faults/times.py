"""Faults of time: no clock, two, three; the days on which the clocks change; ten days of nothing."""

import time as wall
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from leads.clock import now
from tests.faults.evidence import Hours
from tests.faults.house import USUAL
from tests.faults.plants import BURST
from tests.faults.run import Run
from tests.faults.table import Breaks, fault
from tests.faults.terms import LATER, OPEN, WEEKDAYS, ZONE, first_shown, window

FORWARD, BACK = timedelta(hours=1), timedelta(hours=-1)
# What config/clinic.yml allows of what comes late, sixty a minute after a first burst; and what a clock that hops blurs of it.
A_SECOND, SLACK = 1.0, 3


def _beats(*names: str) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        run.work(*USUAL, *names)
        run.must_strike = max(1, len(names))
        run.post(count)
        run.until("answered", 1.0)
        beats = sum(name.startswith("beat") for name in run.house.pids())
        # Without a beat it is the missing one that strikes.
        run.strike(beats if names else beats == 0)

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
            _put_down(run, midnight, timedelta(minutes=60 * hour + 30), count // 24)
        run.work()
        step = 5 if run.long else 30
        for minutes in range(0, 11 * 60, step):
            run.house.hop(midnight + timedelta(minutes=minutes))
            wall.sleep(0.12)
        run.strike()

    return breaks


def _put_down(run: Run, midnight: datetime, after: timedelta, count: int) -> None:
    """Put down some that wait for the morning, some that outlive their use before it comes, and some with a time by the office's wall."""
    due, hours = midnight + after, {"hours": OPEN}
    run.post(count, want=hours, lane="education", window=window(OPEN), due_at=due, useful_until=due + timedelta(days=1))
    before_opening = midnight + timedelta(hours=7, minutes=45)
    expired = {"ends": frozenset({"expired"}), **hours}
    run.post(count, want=expired, lane="reminder", window=window(OPEN), due_at=due, useful_until=before_opening)
    # As if the day of the change had been moved since it was planned: what it derives from the wall's time is not its due time any more.
    meant = midnight.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) + after
    moment = first_shown(meant)
    derived = {"local_due": f"{meant.isoformat()}-04:00[{ZONE}]", "due_at": moment - timedelta(hours=1)}
    run.post(count, want={"not_before": moment}, lane="transactional", useful_until=moment + timedelta(days=1), **derived)


fault("the night the clocks go back", quick=24, long=400)(_through_the_night(BACK))
fault("the night the clocks go forward", quick=24, long=400)(_through_the_night(FORWARD))


@fault("ten days of nothing", quick=36, long=1_000)
def ten_days_of_nothing(run: Run, count: int) -> None:
    run.house.end_workers()
    begin = now()
    for day in range(9):
        due = begin + timedelta(days=day, hours=1)
        gone = {"ends": frozenset({"expired"}), "hours": OPEN}
        run.post(max(1, count // 40), want=gone, window=window(OPEN), due_at=due, useful_until=due + timedelta(days=1))
    # Back on a Saturday at noon: some may go at once, some only in the afternoon, some not before Monday.
    late = [id for hours in (OPEN, LATER, WEEKDAYS) for id in _come_late(run, count // 3, hours, begin + timedelta(days=11, hours=1))]
    run.strike()
    run.house.hop(begin + timedelta(days=11, hours=2, minutes=30))
    run.work()
    run.settle(within=600 if run.long else 60)
    if flood := _flooded(run, late):
        run.trouble.append(flood)


def _come_late(run: Run, count: int, hours: Hours, due: datetime) -> list[str]:
    return run.post(count, want={"hours": hours}, lane="education", window=window(hours), due_at=due, useful_until=due + timedelta(days=4))


def _flooded(run: Run, ids: list[str]) -> str | None:
    """Return in words where these came faster than late mail may: a burst, and one a second from then on, by the clock of the house."""
    came = sorted(each.shown for each in run.seen() if each.what == "taken" and each.id in set(ids))
    for first, since in enumerate(came):
        for last in range(first + BURST, len(came)):
            if last - first + 1 > BURST + SLACK + (came[last] - since).total_seconds() * A_SECOND:
                return f"{last - first + 1} late mails came within {(came[last] - since).total_seconds():.1f} s"
    return None
