"""Faults of workers: killed at each point of a message's life, at random, politely, frozen, cut off, and poisoned."""

import json
import random
import signal
import time
import uuid
from collections import Counter
from pathlib import Path

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
    run.must_strike = 100 if run.long else 5
    for _ in range(4 * run.must_strike):
        run.post(count // run.must_strike)
        time.sleep(random.uniform(0.02, 0.4))
        living = list(run.house.pids())
        # Whoever is killed while all is done, or is dead already, was not struck.
        busy = run.count("answered") < run.prompt
        if living and run.house.send(signal.SIGKILL, random.choice(living)) and busy:
            run.strike()
        if len(run.strikes) >= run.must_strike:
            return


@fault("asked to end, as each new version asks", quick=45, long=1_000)
def asked_to_end(run: Run, count: int) -> None:
    run.work()
    run.post(count)
    run.until("taken", 0.3)
    run.strike(run.house.send(signal.SIGTERM))


@fault("frozen for longer than its lease", quick=45, long=1_000)
def frozen(run: Run, count: int) -> None:
    run.work()
    run.post(count)
    run.until("taken", 0.2)
    run.strike(run.house.send(signal.SIGSTOP, "everything-1"))
    time.sleep(LEASE + 1)
    run.house.send(signal.SIGCONT, "everything-1")
    # Whoever wakes up knows how it ended. The clock must not jump past the hours a policy waits before they have said so.
    time.sleep(LEASE)


@fault("two workers, two of everything, and each task twice", quick=45, long=600)
def each_task_twice(run: Run, count: int) -> None:
    ran = run.house.folder / "ran.log"
    # Emptied, not removed: workers that were here before go on writing into it.
    ran.write_bytes(b"")
    run.work("transactional-1", "transactional-2", "everything-1", "everything-2", "echo-1")
    run.post(count)
    run.until("answered", 1.0)
    run.strike(_ran_twice(run, ran))


def _ran_twice(run: Run, ran: Path, within: float = 30.0) -> int:
    """Wait until each task of the clock has run at least twice; returns how many tasks have."""
    # Not before the house stands: without a broker's address it refuses to be imported.
    from config.celery import BEAT

    names, deadline, times = {str(entry["task"]) for entry in BEAT.values()}, time.monotonic() + within, Counter[str]()
    while lacking := sorted(name for name in names if times[name] < 2):
        if time.monotonic() > deadline:
            run.trouble.append(f"did not run twice: {', '.join(lacking)}")
            break
        time.sleep(0.1)
        times = Counter(ran.read_text().split() if ran.exists() else [])
    return len(names) - len(lacking)


@fault("a journal with a line nobody can read", quick=18, long=200)
def an_unreadable_line(run: Run, count: int) -> None:
    killed = 3
    run.must_strike = killed
    run.script(Rule("DOT", "take-kill", times=killed))
    run.work()
    ids = run.post(count)
    run.until("struck", within=60)
    while len(run.struck_at()) < killed and run.count("answered") < run.prompt:
        time.sleep(0.1)
    run.house.end_workers()
    run.script()
    # What the dead had heard, had they lived a moment longer; a power cut has torn the line in between.
    heard = _in_doubt(run, ids)
    lines = [json.dumps({"message_id": id, "fence": fence, "code": 250, "status": "2.0.0"}) for id, fence in heard]
    torn = (lines[0], '{"message_id": "0193' + "\x7f" * 20, *lines[1:])
    journal = run.house.folder / "journal" / "torn.log"
    journal.write_bytes("".join(f"{line}\n" for line in torn).encode() + bytes(64))
    run.work()
    run.must_log("journal.unread")
    run.settle(within=600 if run.long else 60)
    _need_all_told(run, [id for id, _ in heard], journal.with_suffix(".unread"))


def _in_doubt(run: Run, ids: list[str]) -> list[tuple[str, int]]:
    """Return which of these the server took and nobody wrote down, each with its fence."""
    taken = {each.id for each in run.seen() if each.what == "taken"}
    ask = "SELECT id, fence FROM messages WHERE id = ANY(%s) AND state IN ('sending', 'unknown')"
    return [(str(id), fence) for id, fence in run.house.query(ask, [uuid.UUID(id) for id in ids]) if id.hex in taken]


def _need_all_told(run: Run, ids: list[str], kept: Path) -> None:
    """Note as trouble what a readable line told in vain, and a torn one that was not set aside."""
    ask = "SELECT count(*) FROM messages WHERE id = ANY(%s) AND state = 'sent' AND reason IS NULL"
    [(told,)] = run.house.query(ask, [uuid.UUID(id) for id in ids])
    if told != len(ids) or not ids:
        run.trouble.append(f"{told} of {len(ids)} readable lines were heard")
    if not kept.exists() or kept.read_bytes().count(b"\n") != 1:
        run.trouble.append("the torn line was not set aside alone")
    kept.unlink(missing_ok=True)


@fault("a row that kills its worker each time", quick=15, long=100)
def a_killing_row(run: Run, count: int) -> None:
    # All of a lane are claimed together: those beside it must not be taken for what kills.
    run.house.end_workers()
    [killer] = run.post(1, want={"ends": frozenset({"failed"})}, at_once=True)
    (run.house.folder / "plants" / f"poison-{killer}").touch()
    run.post(count - 1)
    run.work()


@fault("an exception planted in the sweep", quick=24, long=100)
def an_exception_in_the_sweep(run: Run, count: int) -> None:
    run.work()
    run.lay("stumble", 5)
    run.post(count)
