"""Ending what outlives its use while its lane rests: nobody takes it up before the rest is over, and who had to hear of it would wait."""

from leads.db import transaction
from leads.messages.claim import claim_outlived
from leads.messages.permit import set_aside
from leads.messages.switch import stops
from leads.round_trips import round_trips

AT_ONCE = 200


def end_outlived() -> int:
    """Let what has outlived its use at rest expire, as it would on its turn, and have somebody call who must be told; returns how many."""
    with transaction() as session:
        if not stops(session):
            return 0
    with round_trips() as trips:
        outlived = claim_outlived(trips, limit=AT_ONCE)
    for each in outlived:
        set_aside(each)
    return len(outlived)
