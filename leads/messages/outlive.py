"""Ending what outlives its use while its lane rests: nobody takes it up before the rest is over, and who had to hear of it would wait."""

from leads.db import DATABASE_AWAY, transaction
from leads.messages.claim import claim_outlived
from leads.messages.due import Due
from leads.messages.permit import set_aside
from leads.messages.send import fail_alone
from leads.messages.switch import stops
from leads.round_trips import round_trips

# Few at a time: each waits for its person's lock, and the leases of those behind it run meanwhile.
AT_ONCE, IN_ALL = 20, 200


def end_outlived() -> int:
    """Let what has outlived its use at rest expire, as it would on its turn, and have somebody call who must be told; returns how many."""
    with transaction() as session:
        if not stops(session):
            return 0
    done = 0
    while done < IN_ALL and (batch := _claimed()):
        for each in batch:
            _end(each)
        done += len(batch)
    return done


def _claimed() -> list[Due]:
    with round_trips() as trips:
        return claim_outlived(trips, limit=AT_ONCE)


def _end(due: Due) -> None:
    try:
        set_aside(due)
    except DATABASE_AWAY:
        raise
    except Exception as error:
        fail_alone(due, error)
