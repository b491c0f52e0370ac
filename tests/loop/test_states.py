"""The transitions of HL7's BSeR guide, one by one, and what is ours beside them; nothing else is possible."""

import itertools

import pytest

from leads.errors import Conflict
from leads.loop.states import STATES, TABLE, after, allowed, way

# As the guide prints them: number, side, event, from > to, by business status.
BSER = """
01 I package draft>2.0 · 02 R accept 2.0>3.0 · 03 R decline 2.0>4.0 · 04 I cancelreq 2.0>5.2 · 05 R decline 3.0>4.0
06 R schedule 3.0>5.1.1 · 07 I cancelreq 3.0>5.2 · 08 R interim 3.0>5.1.4 · 09 R outcome 3.0>7.0 · 10 R decline 5.1.1>4.0
11 R resched 5.1.1>5.1.1 · 12 R noshow 5.1.1>5.1.2 · 13 R apptcancel 5.1.1>5.1.3 · 14 I cancelreq 5.1.1>5.2
15 R interim 5.1.1>5.1.4 · 16 R outcome 5.1.1>7.0 · 17 R decline 5.1.2>4.0 · 18 R resched 5.1.2>5.1.1 · 19 R apptcancel 5.1.2>5.1.3
20 I cancelreq 5.1.2>5.2 · 21 R schedule 5.1.3>5.1.1 · 22 I cancelreq 5.1.3>5.2 · 23 R confirmcancel 5.2>6.0 · 24 R outcome 5.2>7.0
25 R decline 5.1.4>4.0 · 26 R schedule 5.1.4>5.1.1 · 27 R apptcancel 5.1.4>5.1.3 · 28 I cancelreq 5.1.4>5.2
29 R interim 5.1.4>5.1.4 · 30 R outcome 5.1.4>7.0
"""
OURS = {
    "cancelreq": "cancel_request",
    "resched": "reschedule",
    "noshow": "no_show",
    "apptcancel": "cancel_visit",
    "confirmcancel": "confirm_cancel",
}
STATE_OF = {standing.business: state for state, standing in STATES.items()}
ROWS = [row.split() for line in BSER.strip().splitlines() for row in line.split(" · ")]
OPEN = [state for state, standing in STATES.items() if not standing.ended]


@pytest.mark.parametrize(("number", "side", "event", "way"), ROWS, ids=[row[0] for row in ROWS])
def test_each_transition_of_the_guide_is_ours(number: str, side: str, event: str, way: str) -> None:
    source, to = way.split(">")
    event, state = OURS.get(event, event), STATE_OF.get(source)
    assert after(state, event) == STATE_OF[to]
    assert event in allowed(state, "initiator" if side == "I" else "recipient")
    assert event not in allowed(state, "recipient" if side == "I" else "initiator")


def test_the_guide_has_thirty_transitions_and_we_number_the_same_ones() -> None:
    assert sorted(row.number for row in TABLE if row.number) == list(range(1, 31)) == [int(row[0]) for row in ROWS]


@pytest.mark.parametrize("state", ["received", "accepted"])
def test_a_question_is_answered_and_leads_back_to_where_it_was_asked(state: str) -> None:
    assert after(state, "ask") == "needs_information"
    assert after("needs_information", "answer", came_from=state) == state


@pytest.mark.parametrize(("state", "event"), [*itertools.product([None, *STATES], sorted({row.event for row in TABLE}))])
def test_whatever_the_table_does_not_name_is_refused_with_what_is_allowed(state: str | None, event: str) -> None:
    if event in allowed(state):
        assert after(state, event, came_from="accepted") in STATES
    else:
        with pytest.raises(Conflict, match=f"{event} is not possible"):
            after(state, event)


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("target", ["accepted", "booked", "attended", "declined", "closed"])
def test_the_way_a_lead_carries_its_referral_is_one_of_allowed_steps(state: str, target: str) -> None:
    here, came_from = state, "received"
    for event in way(state, target, came_from=came_from):
        assert event in allowed(here, "recipient")
        here = after(here, event, came_from=came_from)
    assert here in (target, state, "cancelled", "visit_cancelled")


def test_a_closed_lead_never_leaves_a_referral_open() -> None:
    for state in OPEN:
        for target in ("declined", "closed"):
            events = way(state, target, came_from="received")
            assert events
            assert events[-1] in ("decline", "outcome", "confirm_cancel")
