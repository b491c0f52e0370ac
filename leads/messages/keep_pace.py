"""Holding a claimed message to the pace: a moment's wait is waited, a longer one is planned."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

from leads.clock import now
from leads.db import transaction
from leads.messages import outcome
from leads.messages.claim import Claim
from leads.messages.due import CATCH_UP, LATE, Due
from leads.messages.guards import objection
from leads.messages.models import PRESSING
from leads.messages.pace import Wait, pace
from leads.messages.send import LaneRests, Line
from leads.messages.switch import rest
from leads.messages.warm_up import SENT_TODAY, allowed_today, since_midnight, today
from leads.round_trips import Statement
from leads.security.fields import CellError

WORTH_WAITING = 2.0
RECOUNT_AFTER = 15.0
COUNT = Statement.of(SENT_TODAY)

_counted: tuple[date, float, int] = (date.min, 0.0, 0)


def keep_pace(due: Due, line: Line, *, before_waiting: Callable[[], None] = lambda: None) -> bool:
    """Return True when a message may go now, else it is planned for its turn; raises LaneRests when the day is used up."""
    # After ten days down, everything is due at once: each that may go gets a place in the queue, and comes back as one that has its turn.
    if due.lane not in PRESSING and _is_late(due) and (seconds := pace().place_late()) > 0:
        _plan(due, now() + timedelta(seconds=seconds), CATCH_UP)
        return False
    while wait := _take(due, line):
        if wait.reason == "day-quota":
            _rest(due, now() + timedelta(seconds=wait.seconds))
            raise LaneRests
        # One that waited here for its own domain would keep the line from all that go elsewhere.
        if wait.seconds > WORTH_WAITING or wait.reason == "domain-rate":
            _plan(due, now() + timedelta(seconds=wait.seconds), wait.reason)
            return False
        # Nobody should wait, nor for the news that a mail went out, because the next one may not go.
        before_waiting()
        line.write_down()
        time.sleep(wait.seconds)
    return True


def _is_late(due: Due) -> bool:
    """True for one that may go and comes late."""
    # What cannot be judged is poison, and is looked after where it is written; not here, and no other suffers for it.
    with suppress(Exception):
        # What came late and then waited for its window is as late as it was: all that waited would else go in its first second.
        return (due.due_at < now() - LATE or due.lost_its_turn) and objection(due) is None
    return False


def _take(due: Due, line: Line) -> Wait | None:
    return pace().take(carrier=line.carriers[0].name, domain=_domain(due), lane=due.lane, sent_today=_sent_today(line))


def _domain(due: Due) -> str:
    # An address that cannot be read is poison, and stops its message where that is looked after: not here, and no other.
    with suppress(CellError):
        return due.email.rpartition("@")[2]
    return ""


def _sent_today(line: Line) -> int:
    global _counted
    if allowed_today() is None:
        return 0
    day, at, count = _counted
    # Yesterday's count, a moment old, would use up the new day before it began.
    if day != today() or time.monotonic() - at > RECOUNT_AFTER:
        ((count,),) = line.trips.commit((COUNT, since_midnight()))[0]
        _counted = (today(), time.monotonic(), count)
    return count


def _plan(due: Due, until: datetime, reason: str) -> None:
    with transaction() as session:
        message = outcome.put_back(session, Claim(due.id, due.fence), until, reason=reason)
        if message is not None and reason == CATCH_UP and message.moved_by[-1:] != [CATCH_UP]:
            message.moved_by = [*message.moved_by, CATCH_UP]


def _rest(due: Due, until: datetime) -> None:
    with transaction() as session:
        rest(session, due.lane, until, reason="day-quota")
        outcome.put_back(session, Claim(due.id, due.fence), until, reason="day-quota")
