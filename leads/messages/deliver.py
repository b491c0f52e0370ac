"""Taking what is due to the carrier: claimed in batches, handed out one by one to several lines that send side by side."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache, partial

import structlog

from config.settings import settings
from leads.clock import now
from leads.db import is_joined, transaction
from leads.messages import outcome
from leads.messages.carriers.base import Carrier, Unreachable
from leads.messages.carriers.known import open_carrier
from leads.messages.claim import Claim, claim, claim_suspect, give_back
from leads.messages.due import Due
from leads.messages.journal import Journal
from leads.messages.keep_pace import keep_pace
from leads.messages.models import LANES, PRESSING
from leads.messages.rhythm import Rhythm
from leads.messages.send import WORTH_A_CONNECTION, LaneRests, Line, send
from leads.round_trips import RoundTrips, round_trips

BATCH = 50
WAIT_FOR_CARRIER = timedelta(seconds=30)
log = structlog.get_logger()


class Turn:
    """Who in this process is at a lane, and whether somebody asked for it since."""

    def __init__(self) -> None:
        self.taken, self.wanted = threading.Lock(), threading.Event()


_ending = threading.Event()
# Where one of them is what kills workers, none of another lane may be on its way in this process, and lose its lease for it.
_one_suspect = threading.Lock()
TURNS: dict[str, Turn] = {lane: Turn() for lane in LANES}
RHYTHMS: dict[str, Rhythm] = {lane: Rhythm() for lane in LANES}


def finish() -> None:
    """Bring what is on its way to its end and begin nothing more in this process: it is about to stop."""
    _ending.set()


def drain(lanes: Sequence[str], *, limit: int = 500, carrier: Carrier | None = None) -> int:
    """Send what is due in these lanes, lane by lane, until nothing is or `limit` is reached; returns how many rows were taken up.

    With a `carrier` all goes over that one; without, over as many connections as the backlog is worth and the settings allow.
    """
    if carrier is not None or is_joined():
        return sum(_alone(lane, limit, carrier) for lane in lanes)
    return sum(_in_turn(lane, limit) for lane in lanes)


def _alone(lane: str, limit: int, carrier: Carrier | None) -> int:
    with _open_line(lane, carrier) as line:
        return _drain_lane(lane, limit, line, alone=True)


def _in_turn(lane: str, limit: int) -> int:
    """Drain a lane unless this process is at it already; whoever is then looks once more, so that no hint is lost."""
    turn, done = TURNS[lane], 0
    turn.wanted.set()
    while turn.wanted.is_set() and turn.taken.acquire(blocking=False):
        try:
            turn.wanted.clear()
            with _open_line(lane) as line:
                done += _drain_lane(lane, limit, line, alone=False)
        finally:
            turn.taken.release()
    return done


def _drain_lane(lane: str, limit: int, line: Line, *, alone: bool) -> int:
    backlog = Backlog(lane, limit)
    backlog.claim_more(line.trips)
    with Crew(backlog) as crew:
        _work(backlog, line, None if alone else crew)
    return backlog.taken + _send_suspects(lane, limit, line)


class Crew:
    """The further lines at work on a backlog, hired while they are of use and as long as this process has any left."""

    def __init__(self, backlog: "Backlog") -> None:
        self.backlog = backlog
        self.hired: list[Future[None]] = []
        self.pool = ThreadPoolExecutor(settings().handoff_lines, thread_name_prefix="line")

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *failed: object) -> None:
        self.pool.shutdown()
        if failed[0] is None:
            for helper in self.hired:
                helper.result()

    def grow(self) -> None:
        """Hire more if what waits is worth it and the carrier is far enough away."""
        wanted = min(len(self.backlog.waiting) // WORTH_A_CONNECTION, self.backlog.rhythm.lines - 1)
        while len(self.hired) < wanted and _spare_lines().acquire(blocking=False):
            self.hired.append(self.pool.submit(_help, self.backlog))


def _help(backlog: "Backlog") -> None:
    try:
        with _open_line(backlog.lane) as line:
            _work(backlog, line, None)
    finally:
        _spare_lines().release()


@lru_cache
def _spare_lines() -> threading.Semaphore:
    """What is left of the connections this process may have to the mail server, beside one that each lane has in any case."""
    return threading.Semaphore(max(0, settings().handoff_lines - 1))


@contextmanager
def _open_line(lane: str, carrier: Carrier | None = None) -> Iterator[Line]:
    journal, line = Journal(), None
    try:
        with round_trips() as trips:
            first = carrier or open_carrier(lane)
            # What answers somebody's own act waits for no other; and whoever brings a carrier has one.
            several = carrier is None and lane not in PRESSING and first.goes_at_once
            line = Line([first], trips, journal, partial(_one_more, lane) if several else None)
            yield line
            line.write_down()
    finally:
        journal.close()
        if carrier is None and line is not None:
            line.close()
            for _ in line.carriers[1:]:
                _spare_lines().release()


def _one_more(lane: str) -> Carrier | None:
    # Opened first: it connects to nobody yet, and one that cannot be opened must not cost a place.
    opened = open_carrier(lane)
    return opened if _spare_lines().acquire(blocking=False) else None


class Backlog:
    """What this process has claimed of a lane and not begun; shared by its lines."""

    def __init__(self, lane: str, limit: int) -> None:
        self.lane, self.limit, self.rhythm = lane, limit, RHYTHMS[lane]
        self.waiting: deque[Due] = deque()
        self.taken = 0
        self.claimed_at = 0.0
        self.is_closed = False
        self.lock = threading.Lock()

    def take(self, line: Line) -> list[Due]:
        """Return as many as a line sends together, claiming more where none is left; none when there is nothing more to do."""
        with self.lock:
            if self._is_stale() or _ending.is_set():
                self._return_all(line.trips)
            if not self.waiting and not self.is_closed:
                self.claim_more(line.trips)
            waiting = len(self.waiting)
            return [self.waiting.popleft() for _ in range(min(waiting, line.together(waiting)))]

    def claim_more(self, trips: RoundTrips) -> None:
        """Claim the next batch; where there is none, the work is at its end."""
        wanted = 0 if _ending.is_set() else min(BATCH, self.limit - self.taken)
        batch = claim(trips, self.lane, limit=wanted) if wanted > 0 else []
        self.waiting.extend(batch)
        self.taken += len(batch)
        self.claimed_at = time.monotonic()
        self.is_closed = not batch

    def close(self, trips: RoundTrips, hand: Sequence[Due] = ()) -> None:
        """Claim no more, and give back what was not begun; in somebody's hand, too."""
        with self.lock:
            self.is_closed = True
            self.waiting.extend(hand)
            self._return_all(trips)

    def close_until_there_is_a_carrier(self, hand: Sequence[Due]) -> None:
        """Claim no more, and plan for a moment later what was not begun; in somebody's hand, too."""
        with self.lock:
            waiting = [*hand, *self.waiting]
            self.waiting.clear()
            self.taken -= len(waiting)
            self.is_closed = True
        log.warning("carrier.unreachable", waiting=len(waiting))
        with transaction() as session:
            for each in waiting:
                outcome.put_back(session, Claim(each.id, each.fence), now() + WAIT_FOR_CARRIER, reason="no-carrier")

    def _is_stale(self) -> bool:
        # A slow carrier may keep the last of a batch waiting until its lease runs out, and a lost lease is held against the message.
        return bool(self.waiting) and time.monotonic() - self.claimed_at > settings().handoff_lease_seconds / 2

    def _return_all(self, trips: RoundTrips) -> None:
        if self.waiting:
            give_back(trips, self.waiting)
            self.taken -= len(self.waiting)
            self.waiting.clear()


def _work(backlog: Backlog, line: Line, crew: Crew | None) -> None:
    """Send a few after the other until there is nothing more to take, or nobody who takes it."""
    # What was taken and not begun.
    hand = list[Due]()
    try:
        while hand := backlog.take(line):
            if crew:
                crew.grow()
            _send_at_pace(hand, line, backlog.rhythm)
            # Not truncated after each: it is read only after a death, and what the database knows already is then passed over.
        line.write_down()
    except LaneRests:
        backlog.close(line.trips, hand)
    except Unreachable:
        line.write_down()
        backlog.close_until_there_is_a_carrier(hand)
    except BaseException:
        # Whatever it was, it was not the fault of those that wait; where the database is what failed, their lease frees them.
        with suppress(Exception):
            line.trips.undo()
            backlog.close(line.trips, hand)
        raise


def _send_at_pace(hand: list[Due], line: Line, rhythm: Rhythm) -> None:
    """Send what is in the hand, together as far as the pace lets it; what an exception leaves there was not begun."""
    ready = list[Due]()
    try:
        while hand:
            # None of those before waits for the turn of this one.
            if keep_pace(hand[0], line, before_waiting=partial(_send_timed, ready, line, rhythm)):
                ready.append(hand[0])
            del hand[0]
        _send_timed(ready, line, rhythm)
    finally:
        hand[:0] = ready


def _send_timed(ready: list[Due], line: Line, rhythm: Rhythm) -> None:
    if ready:
        busy, waited = time.thread_time(), line.waited
        send(ready, line)
        rhythm.note(line.waited - waited, time.thread_time() - busy)


def _send_suspects(lane: str, limit: int, line: Line) -> int:
    """Send what was with a worker that died, after everything else, and one at a time in the whole process."""
    done = 0
    while done < limit and not _ending.is_set() and _send_a_suspect(lane, line):
        done += 1
    return done


def _send_a_suspect(lane: str, line: Line) -> bool:
    with _one_suspect:
        alone = Backlog(lane, 0)
        alone.waiting.extend(found := claim_suspect(line.trips, lane))
        alone.claimed_at = time.monotonic()
        _work(alone, line, None)
    return bool(found)
