"""The checker sees what it is there to see, on evidence made by hand."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from tests.faults.check import check, count
from tests.faults.evidence import Entry, Evidence, Hours, Row, Seen, Wanted

TEN = datetime(2026, 10, 6, 14, 0, tzinfo=UTC)
OFFICE = Hours("America/New_York", time(9), time(18))


def seen(*what: str, id: str = "a", at: datetime = TEN, code: int | None = None) -> list[Seen]:
    return [Seen(each, id, at.timestamp(), at, 1, code, "ana@example.com", "what-was-said") for each in what]


SENT = Row("a", "sent", mime_hash="what-was-said")
ANA = Wanted("a", address="ana@example.com")
GOOD = Evidence([ANA], seen("dotted", "taken", "answered"), {"a": SENT}, [Entry("a", "message.sent")], let_go={"a": [TEN]})
UNKNOWN = [Entry("a", "message.unknown", "no-answer"), Entry("a", "message.sent", "assumed")]
RESENT = [Entry("a", "message.unknown", "no-answer"), Entry("a", "message.planned", "resent-once"), Entry("a", "message.sent")]
TWICE = seen("dotted", "taken", "broken", "dotted", "taken", "answered")
CANCELLED = {"a": Row("a", "cancelled", "replied")}
BROKEN = {
    "nothing is lost": replace(GOOD, seen=[]),
    "nothing comes twice but a counted resend": replace(GOOD, seen=[*GOOD.seen, *GOOD.seen]),
    "nothing comes that nobody wanted": replace(GOOD, seen=[*GOOD.seen, *seen("taken", id="b")]),
    "an unknown is one at which a connection broke": replace(GOOD, trail=UNKNOWN),
    "nothing comes stale": replace(GOOD, wanted=[Wanted("a", useful_until=TEN - timedelta(hours=1))]),
    "nothing comes outside its hours": replace(
        GOOD, wanted=[Wanted("a", hours=OFFICE)], seen=seen("dotted", "taken", "answered", at=TEN.replace(hour=7))
    ),
    "nothing comes before its time": replace(GOOD, wanted=[replace(ANA, not_before=TEN + timedelta(seconds=1))]),
    "each goes to its own person": replace(GOOD, wanted=[replace(ANA, address="bea@example.com")]),
    "what comes is what its row says went": replace(GOOD, rows={"a": replace(SENT, mime_hash="something-else")}),
    "nothing is let go after a stop": replace(GOOD, let_go={"a": [TEN]}, stopped={"a": TEN - timedelta(milliseconds=1)}),
    "what goes was let go on record": replace(GOOD, let_go={}),
    "no row is stuck": replace(GOOD, rows={"a": Row("a", "sending")}),
    "each row came to an end it may come to": replace(GOOD, rows={"a": Row("a", "failed", "poison")}),
    "what was not sent says why, on the row and on the trail": replace(GOOD, rows=CANCELLED),
    "the trail's chain holds": replace(GOOD, chain_holds=False),
    "Redis knows no message and no person": replace(GOOD, in_redis=frozenset({"a"})),
    "no answer waits in a journal": replace(GOOD, journals_left=1),
    "no planted word is where it should not be": replace(GOOD, leaks=["Quillhaven in beat.log"]),
    "the fault struck, and was over in time": replace(GOOD, trouble=["never struck: sending.0"]),
}


def failing(evidence: Evidence) -> set[str]:
    return {finding.invariant for finding in check(evidence) if not finding.holds}


def test_what_came_out_as_it_went_in_is_well() -> None:
    assert failing(GOOD) == set()
    assert count(GOOD) == {"messages": 1, "lost": 0, "doubled": 0, "unknown": 0, "stale": 0, "outside_window": 0}


def test_every_invariant_is_broken_once_below() -> None:
    assert {finding.invariant for finding in check(GOOD)} == set(BROKEN)


@pytest.mark.parametrize("invariant", BROKEN)
def test_a_broken_invariant_is_seen(invariant: str) -> None:
    assert invariant in failing(BROKEN[invariant])


def test_an_unknown_that_never_arrived_is_counted_and_not_called_lost() -> None:
    doubtful = replace(GOOD, seen=seen("dotted", "broken"), trail=UNKNOWN)
    assert failing(doubtful) == set()
    assert (count(doubtful)["unknown"], count(doubtful)["lost"]) == (1, 0)


def test_a_resend_may_double_once_and_only_where_it_was_wanted() -> None:
    wanted = [Wanted("a", on_unknown="resend_once")]
    assert failing(replace(GOOD, wanted=wanted, seen=TWICE, trail=RESENT)) == set()
    assert count(replace(GOOD, wanted=wanted, seen=[*TWICE, *TWICE], trail=RESENT))["doubled"] == 1
    assert count(replace(GOOD, seen=TWICE, trail=RESENT))["doubled"] == 1


def test_an_answer_found_later_is_knowledge_and_no_unknown() -> None:
    found = replace(GOOD, trail=[Entry("a", "message.unknown", "worker-lost"), Entry("a", "message.sent")])
    assert count(found)["unknown"] == 0


def test_failing_is_an_end_only_for_what_was_refused() -> None:
    failed = replace(
        GOOD,
        wanted=[Wanted("a", ends=frozenset({"sent", "failed"}))],
        seen=[],
        rows={"a": Row("a", "failed", "smtp-554")},
        trail=[Entry("a", "message.failed", "smtp-554")],
    )
    assert failing(failed) == {"each row came to an end it may come to"}
    assert failing(replace(failed, seen=seen("refused", code=554))) == set()


def test_skipping_is_an_end_only_for_whoever_said_stop() -> None:
    skipped = replace(
        GOOD,
        wanted=[Wanted("a", ends=frozenset({"sent", "skipped"}))],
        seen=[],
        let_go={},
        rows={"a": Row("a", "skipped", "held")},
        trail=[Entry("a", "message.skipped", "held")],
    )
    assert failing(skipped) == {"each row came to an end it may come to"}
    assert failing(replace(skipped, stopped={"a": TEN})) == set()


def test_a_mail_said_to_have_gone_without_a_word_on_the_trail_is_seen() -> None:
    assert failing(replace(GOOD, trail=[])) == {"what goes was let go on record"}


def test_a_resend_of_what_was_answered_is_no_resend() -> None:
    wanted, answered = [Wanted("a", on_unknown="resend_once")], seen("dotted", "taken", "answered", "dotted", "taken", "answered")
    assert failing(replace(GOOD, wanted=wanted, seen=answered, trail=RESENT)) == {"an unknown is one at which a connection broke"}


def test_hours_may_be_those_of_some_days_only() -> None:
    weekdays = replace(OFFICE, days=frozenset(range(5)))
    assert weekdays.holds(TEN)
    assert not weekdays.holds(TEN + timedelta(days=4))


def test_hours_are_those_of_the_wall_on_either_side_of_a_clock_change() -> None:
    assert OFFICE.holds(datetime(2026, 10, 31, 13, 0, tzinfo=UTC))
    assert not OFFICE.holds(datetime(2026, 11, 1, 13, 0, tzinfo=UTC))
    assert OFFICE.holds(datetime(2026, 11, 1, 14, 0, tzinfo=UTC))
