"""The checker catches an engine that sends and then marks, and one that marks and then sends; a checker that did not would be none."""

import pytest

from tests.faults.check import check, count
from tests.faults.house import House
from tests.faults.run import Run
from tests.faults.smtp import Rule

pytestmark = pytest.mark.timeout(180)
KILLS = 3


def under_kills(house: House, *workers: str) -> Run:
    """Let an engine send, and kill it before it offers a mail, and before it reads that one was taken."""
    run = Run(house)
    run.script(Rule("DOT", "take-kill", times=KILLS))
    run.lay("claimed", KILLS)
    run.post(15)
    run.work(*workers)
    run.use_up_tokens()
    run.settle()
    house.end_workers()
    return run


def failing(run: Run) -> set[str]:
    return {finding.invariant for finding in check(run.evidence()) if not finding.holds}


def test_sending_before_marking_is_caught_doubling(house: House) -> None:
    run = under_kills(house, "send_then_mark-1")
    assert count(run.evidence())["doubled"] > 0
    assert "nothing comes twice but a counted resend" in failing(run)


def test_marking_before_sending_is_caught_losing(house: House) -> None:
    run = under_kills(house, "mark_then_send-1")
    assert count(run.evidence())["lost"] > 0
    assert "nothing is lost" in failing(run)


def test_our_engine_under_the_same_kills_does_neither(house: House) -> None:
    run = under_kills(house)
    assert failing(run) == set()
    # A worker has several mails on their way: one kill may leave more than one unknown.
    assert count(run.evidence())["unknown"] >= KILLS
