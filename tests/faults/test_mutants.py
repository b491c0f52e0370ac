"""The checker catches an engine that sends and then marks, and one that marks and then sends; a checker that did not would be none."""

import pytest

from leads import db
from leads.consent.ledger import suppress
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


def let_go_by(house: House, spoilt: str, *, stop: int = 0, workers: tuple[str, ...] = ()) -> Run:
    """Let an engine send that is ours in all but one thing, or these workers; some people have said stop before."""
    run = Run(house)
    for id in run.post(18, fresh=bool(stop))[:stop]:
        with db.transaction() as session:
            suppress(session, person_id=run.people[id], reason="unsubscribed", actor="person")
    run.work(*(workers or (f"{spoilt}-transactional", f"{spoilt}-everything")))
    run.settle()
    house.end_workers()
    run.strike()
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


def test_two_that_send_before_marking_double_without_a_kill(house: House) -> None:
    run = Run(house)
    run.post(15, at_once=True)
    # Both find the same mail due, for the server is slow to take it.
    run.script(Rule("DOT", "slow 0.1"))
    run.work("send_then_mark-1", "send_then_mark-2")
    run.settle()
    house.end_workers()
    assert "nothing comes twice but a counted resend" in failing(run)


def test_a_mail_to_whoever_said_stop_is_caught_though_no_attempt_is_on_record(house: House) -> None:
    run = let_go_by(house, "send_then_mark", stop=2, workers=("send_then_mark-1",))
    assert "what goes was let go on record" in failing(run)


def test_saying_that_it_went_is_caught_losing(house: House) -> None:
    run = let_go_by(house, "boastful")
    assert count(run.evidence())["lost"] == sum(wanted.must_arrive for wanted in run.wanted)
    assert failing(run) == {"nothing is lost"}


def test_a_word_to_redis_is_caught_though_it_is_gone_in_a_moment(house: House) -> None:
    missed = failing(let_go_by(house, "talkative"))
    assert missed == {"no planted word is where it should not be", "Redis knows no message and no person"}


def test_asking_no_guard_is_caught_sending_what_is_stale_shut_or_stopped(house: House) -> None:
    run = let_go_by(house, "heedless", stop=2)
    missed = {"nothing comes stale", "nothing comes outside its hours", "nothing is let go after a stop"}
    assert failing(run) >= {*missed, "nothing comes that nobody wanted", "each row came to an end it may come to"}


def test_swapping_two_recipients_is_caught(house: House) -> None:
    assert failing(let_go_by(house, "swapping")) == {"each goes to its own person"}


def test_our_engine_under_the_same_kills_does_neither(house: House) -> None:
    run = under_kills(house)
    assert failing(run) == set()
    # A worker has several mails on their way: one kill may leave more than one unknown.
    assert count(run.evidence())["unknown"] >= KILLS
