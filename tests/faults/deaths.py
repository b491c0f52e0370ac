"""Faults of workers: killed at each point of a message's life, at random, politely, frozen, cut off, and poisoned."""

import random
import signal
import time

from tests.faults.plants import LEASE, POINTS
from tests.faults.run import Run
from tests.faults.smtp import Rule
from tests.faults.table import Breaks, fault

WORDS = {
    "before-claim": "before the claim",
    "in-claim": "in the claim, before its commit",
    "claimed": "after the claim",
    "mid-data": "in the middle of DATA",
    "body-sent": "when the body is out",
    "sending": "after `sending` is committed, before the dot",
    "answered": "when 250 is read, before the journal",
    "noted": "when the journal has it, before the commit",
}


def _killed_at(point: str) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        run.work()
        run.lay(point, max(2, count // 50))
        run.post(count)

    return breaks


@fault("killed at every point of a message's life", quick=60, long=500)
def killed_at_every_point(run: Run, count: int) -> None:
    run.work()
    for point in POINTS:
        run.lay(point, 1)
        run.post(count // len(POINTS))


for point in POINTS:
    fault(f"killed {WORDS[point]}", quick=24, long=150, ci=False)(_killed_at(point))


@fault("killed after the dot, the mail taken, no answer", quick=24, long=150)
def killed_after_the_dot(run: Run, count: int) -> None:
    run.script(Rule("DOT", "take-kill", chance=0.3, times=max(2, count // 50)))
    run.work()
    run.post(count)


@fault("the same, where a reminder outweighs a double", quick=24, long=150)
def killed_after_the_dot_and_resent(run: Run, count: int) -> None:
    run.script(Rule("DOT", "take-kill", chance=0.3, times=max(2, count // 50)))
    run.work()
    run.post(count, on_unknown="resend_once")


@fault("killed after the dot, the mail not taken, and resent", quick=24, long=150)
def killed_and_not_taken(run: Run, count: int) -> None:
    run.script(Rule("DOT", "lose-kill", chance=0.3, times=max(2, count // 50)))
    run.work()
    run.post(count, on_unknown="resend_once")


@fault("killed after the dot, and staff are asked", quick=15, long=200)
def killed_after_the_dot_and_asked(run: Run, count: int) -> None:
    run.script(Rule("DOT", "take-kill", times=max(2, count // 50)))
    run.work()
    run.post(count, on_unknown="ask_staff", want={"ends": frozenset({"sent", "unknown"})})


@fault("killed at random", quick=60, long=3_000)
def killed_at_random(run: Run, count: int) -> None:
    run.work()
    kills = 120 if run.long else 5
    for _ in range(kills):
        run.post(count // kills)
        time.sleep(random.uniform(0.1, 0.6))
        run.house.send(signal.SIGKILL, random.choice(list(run.house.pids()) or ["none"]))


@fault("asked to end, as each new version asks", quick=45, long=1_000)
def asked_to_end(run: Run, count: int) -> None:
    run.work()
    run.post(count)
    run.until("taken", 0.3)
    run.house.send(signal.SIGTERM)


@fault("frozen for longer than its lease", quick=45, long=1_000)
def frozen(run: Run, count: int) -> None:
    run.work()
    run.post(count)
    run.until("taken", 0.2)
    run.house.send(signal.SIGSTOP, "everything-1")
    time.sleep(LEASE + 1)
    run.house.send(signal.SIGCONT, "everything-1")
    # Whoever wakes up knows how it ended. The clock must not jump past the hours a policy waits before they have said so.
    time.sleep(LEASE)


@fault("two workers, two of everything, and each hint twice", quick=45, long=600)
def each_hint_twice(run: Run, count: int) -> None:
    run.work("transactional-1", "transactional-2", "everything-1", "everything-2", "echo-1")
    run.post(count)
    run.until("answered", 1.0)


@fault("a row that kills its worker each time", quick=15, long=100)
def a_killing_row(run: Run, count: int) -> None:
    # All of a lane are claimed together: those beside it must not be taken for what kills.
    run.house.end_workers()
    [killer] = run.post(1, want={"ends": frozenset({"failed"})})
    (run.house.folder / "plants" / f"poison-{killer}").touch()
    run.post(count - 1)
    run.work()


@fault("an exception planted in the sweep", quick=24, long=100)
def an_exception_in_the_sweep(run: Run, count: int) -> None:
    run.work()
    run.lay("stumble", 5)
    run.post(count)
