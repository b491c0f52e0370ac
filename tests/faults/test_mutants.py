"""The checker catches an engine that sends and then marks, and one that marks and then sends; a checker that did not would be none."""

import signal

import pytest

from tests.faults.check import check, count
from tests.faults.house import House
from tests.faults.run import Run

pytestmark = pytest.mark.timeout(180)
KILLS = 5


def under_kills(house: House, engine: str) -> Run:
    """Let an engine send twenty messages, and kill it again and again meanwhile."""
    run = Run(house)
    run.post(20)
    run.work(f"{engine}-1")
    for _ in range(KILLS):
        run.progress()
        house.send(signal.SIGKILL)
    run.settle(within=30)
    house.end_workers()
    return run


def failing(run: Run) -> set[str]:
    return {finding.invariant for finding in check(run.evidence()) if not finding.holds}


def test_sending_before_marking_is_caught_doubling(house: House) -> None:
    run = under_kills(house, "send_then_mark")
    assert count(run.evidence())["doubled"] > 0
    assert "nothing comes twice but a counted resend" in failing(run)


def test_marking_before_sending_is_caught_losing(house: House) -> None:
    run = under_kills(house, "mark_then_send")
    assert count(run.evidence())["lost"] > 0
    assert "nothing is lost" in failing(run)


def test_our_engine_under_the_same_kills_does_neither(house: House) -> None:
    run = Run(house)
    run.post(20)
    run.work()
    for _ in range(KILLS):
        run.progress()
        house.send(signal.SIGKILL)
    run.settle()
    broken = [finding for finding in check(run.evidence()) if not finding.holds]
    assert not broken, "\n".join(map(str, broken)) + str(run.evidence().rows)
