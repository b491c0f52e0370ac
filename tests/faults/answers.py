"""Faults of the mail server: every verb refused in every way, slow, silent, closing, and a little of everything at random."""

import time

from leads.messages.carriers.smtp import SHARE_OF_LEASE
from tests.faults.plants import LEASE, PATIENCE
from tests.faults.run import Run
from tests.faults.smtp import Rule
from tests.faults.table import Breaks, fault

VERBS = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT")
WAYS = {"421": "421 4.3.2 closing", "4xx": "451 4.3.0 later", "5xx": "554 5.3.0 no"}
MAY_FAIL = {"ends": frozenset({"sent", "failed"})}


def _answered(verb: str, answer: str) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        run.script(Rule(verb, answer, times=max(3, count // 20)))
        run.work()
        run.post(count, want=MAY_FAIL)

    return breaks


for verb in VERBS:
    for name, answer in WAYS.items():
        fault(f"{name} at {verb}", quick=9, long=200)(_answered(verb, answer))

fault("silent at RCPT", quick=9, long=60)(_answered("RCPT", "silent"))
fault("silent after the dot, the mail taken", quick=9, long=60)(_answered("DOT", "take-silent"))
fault("silent after the dot, the mail not taken", quick=9, long=60)(_answered("DOT", "silent"))
fault("closing in the middle of DATA", quick=12, long=200)(_answered("BODY", "close"))
fault("closing after the dot, the mail taken", quick=12, long=200)(_answered("DOT", "take-close"))
fault("closing after the dot, the mail not taken", quick=12, long=200)(_answered("DOT", "close"))


@fault("too many messages on a connection", quick=24, long=500)
def too_many_on_a_connection(run: Run, count: int) -> None:
    run.script(Rule("MAIL", "421 4.7.0 too many messages in this connection", after=1))
    run.work()
    run.post(count)


@fault("slow at every verb, but quicker than our patience", quick=9, long=60)
def slow(run: Run, count: int) -> None:
    # In the long form close to the end of our patience: in all before the dot, and once more after it.
    *before, dot = VERBS
    late, all_told = f"slow {0.75 * PATIENCE}", 0.75 * LEASE * SHARE_OF_LEASE
    always = f"slow {all_told / len(before)}" if run.long else "slow 0.1"
    run.script(Rule(dot, late, times=count if run.long else 2), *(Rule(verb, always) for verb in before))
    run.work()
    run.post(count)
    run.until("answered", 1.0, within=300)
    run.script()


@fault("slower than our patience", quick=9, long=60)
def too_slow(run: Run, count: int) -> None:
    late, often = f"slow {1.5 * PATIENCE}", max(1, count // 20)
    run.must_strike = 2 * often
    run.script(Rule("RCPT", late, times=often), Rule("DOT", late, times=often))
    run.work()
    run.post(count)


@fault("nobody listens", quick=24, long=300)
def nobody_listens(run: Run, count: int) -> None:
    run.script(Rule("CONNECT", "close"))
    run.work()
    run.post(count)
    time.sleep(1)
    run.script()


@fault("2 % of everything at random", quick=120, long=10_000)
def at_random(run: Run, count: int) -> None:
    ways = [*WAYS.values(), "close"]
    every = [Rule(verb, way, chance=0.02 / len(ways)) for verb in VERBS for way in ways]
    lost = [Rule("DOT", way, chance=0.002) for way in ("take-close", "take-kill", "lose-kill")]
    run.script(*every, *lost, Rule("BODY", "close", chance=0.005))
    run.work()
    run.post(count, want=MAY_FAIL)
