"""One table says what may happen to a referral, by whom, and where it then stands.

The numbered rows are the harmonised state transitions of HL7's BSeR guide; the rest is ours beside it. An *initiator* is whoever sent
the referral, a *recipient* is us.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from leads.errors import Conflict

By = Literal["initiator", "recipient"]


@dataclass(frozen=True)
class Standing:
    """What a state is called in FHIR: the Task's status and business status, the ServiceRequest's status; and by us, in words."""

    task: str
    business: str
    request: str
    words: str
    ended: bool = False


STATES: Mapping[str, Standing] = {
    "received": Standing("received", "2.0", "active", "Received"),
    "needs_information": Standing("on-hold", "awaiting-information", "active", "Waiting for information"),
    "accepted": Standing("accepted", "3.0", "active", "Accepted"),
    "declined": Standing("rejected", "4.0", "active", "Declined", ended=True),
    "booked": Standing("in-progress", "5.1.1", "active", "Visit booked"),
    "missed": Standing("in-progress", "5.1.2", "active", "Visit missed"),
    "visit_cancelled": Standing("in-progress", "5.1.3", "active", "Visit cancelled"),
    "attended": Standing("in-progress", "5.1.4", "active", "Visit attended"),
    "cancel_requested": Standing("in-progress", "5.2", "active", "Withdrawal asked for"),
    "cancelled": Standing("cancelled", "6.0", "revoked", "Withdrawn", ended=True),
    "closed": Standing("completed", "7.0", "active", "Closed", ended=True),
}
CAME_FROM = "where it came from"


@dataclass(frozen=True)
class Row:
    """One allowed transition; `number` is BSeR's, None where it is ours."""

    event: str
    by: By
    source: str | None
    to: str
    number: int | None = None


def _rows(by: By, event: str, to: str, sources: Mapping[str | None, int | None]) -> list[Row]:
    return [Row(event, by, source, to, number) for source, number in sources.items()]


TABLE: Sequence[Row] = (
    *_rows("initiator", "package", "received", {None: 1}),
    *_rows("recipient", "accept", "accepted", {"received": 2}),
    *_rows(
        "recipient",
        "decline",
        "declined",
        {"received": 3, "accepted": 5, "booked": 10, "missed": 17, "attended": 25, "visit_cancelled": None, "needs_information": None},
    ),
    *_rows(
        "initiator",
        "cancel_request",
        "cancel_requested",
        {"received": 4, "accepted": 7, "booked": 14, "missed": 20, "visit_cancelled": 22, "attended": 28, "needs_information": None},
    ),
    *_rows("recipient", "schedule", "booked", {"accepted": 6, "visit_cancelled": 21, "attended": 26}),
    *_rows("recipient", "reschedule", "booked", {"booked": 11, "missed": 18}),
    *_rows("recipient", "no_show", "missed", {"booked": 12}),
    *_rows("recipient", "cancel_visit", "visit_cancelled", {"booked": 13, "missed": 19, "attended": 27}),
    *_rows("recipient", "interim", "attended", {"accepted": 8, "booked": 15, "attended": 29}),
    *_rows(
        "recipient",
        "outcome",
        "closed",
        {"accepted": 9, "booked": 16, "cancel_requested": 24, "attended": 30, "missed": None, "visit_cancelled": None},
    ),
    *_rows("recipient", "confirm_cancel", "cancelled", {"cancel_requested": 23}),
    *_rows("recipient", "ask", "needs_information", {"received": None, "accepted": None}),
    *_rows("initiator", "answer", CAME_FROM, {"needs_information": None}),
    # We go on without the answer, or somebody gave it by phone.
    *_rows("recipient", "resume", CAME_FROM, {"needs_information": None}),
    *_rows("recipient", "hand_on", "closed", dict.fromkeys(("accepted", "booked", "missed", "visit_cancelled", "attended"))),
    *_rows("recipient", "reopen", "accepted", dict.fromkeys(("declined", "cancelled", "closed"))),
)


def after(state: str | None, event: str, *, came_from: str | None = None) -> str:
    """Return where a referral stands after an event; raises Conflict with the events that are allowed.

    `came_from` is where it stood when something was asked.
    """
    row = next((row for row in TABLE if row.event == event and row.source == state), None)
    if row is None:
        offered = ", ".join(allowed(state))
        raise Conflict(f"{event} is not possible for a referral that is {state or 'new'}. It allows: {offered}.", code="not_allowed_now")
    return (came_from or "received") if row.to == CAME_FROM else row.to


def allowed(state: str | None, by: By | None = None) -> Sequence[str]:
    """Return the events a state allows, those of one side only where `by` is given."""
    return [row.event for row in TABLE if row.source == state and by in (None, row.by)]


# The lead's stage, and where its referrals then stand; a closed lead's outcome decides between two.
OF_STAGE: Mapping[str, str] = {
    "new": "received",
    "contacted": "accepted",
    "screening": "accepted",
    "qualified": "accepted",
    "booked": "booked",
    "in_care": "attended",
}


# By these a lead's move carries its referrals along.
WALKED = frozenset({"accept", "decline", "schedule", "reschedule", "interim", "outcome"})


def way(state: str, target: str, *, came_from: str | None = None) -> Sequence[str]:
    """Return our events that lead from a state to where a lead's move puts it, none where it stays as it is.

    A question to the referrer stays open while the lead is only being talked to, and a withdrawal until somebody confirms it.
    """
    if STATES[state].ended:
        return () if STATES[target].ended or target == "received" else ("reopen", *way("accepted", target))
    if state == "cancel_requested":
        return ("confirm_cancel",) if STATES[target].ended else ()
    if target == "accepted":
        return {"received": ("accept",), "booked": ("cancel_visit",)}.get(state, ())
    if target in (state, "received"):
        return ()
    if state == "needs_information" and target != "declined":
        return ("resume", *way(came_from or "received", target))
    return _shortest(state, target)


def _shortest(state: str, target: str) -> Sequence[str]:
    ways: dict[str, tuple[str, ...]] = {state: ()}
    while target not in ways:
        steps = {row.to: (*ways[row.source], row.event) for row in TABLE if row.event in WALKED and row.source in ways}
        ways = steps | ways
    return ways[target]
