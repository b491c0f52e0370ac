"""The clock reminds referrers; one referral that fails keeps no other waiting."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from leads.db import transaction
from leads.loop.models import Referral
from leads.referrals.ask import ask
from tests.cast import ACTOR, make_lead, make_person
from tests.loop.cast import make_referral, told


@pytest.mark.committed
def test_a_referral_that_fails_keeps_no_other_referrer_unreminded(
    database: None, redis_url: str, tuesday: Callable[[timedelta], None]
) -> None:
    from tasks.remind import remind_referrers

    with transaction() as session:
        whose = (make_person(session, email=f"p{n}@example.com") for n in range(2))
        broken, whole = (make_referral(session, lead=make_lead(session, person)).id for person in whose)
        for each in (broken, whole):
            ask(session, session.get_one(Referral, each), ["Medication list"], actor=ACTOR)
        session.flush()
        # Its time is over, and what was asked for cannot be read any more.
        session.execute(text("UPDATE referrals SET their_promise = NULL, words = 'x' WHERE id = :id"), {"id": broken})
    tuesday(timedelta(days=5))
    remind_referrers()
    remind_referrers()
    with transaction() as session:
        assert told(session, session.get_one(Referral, whole)).count("referral-needs-information") == 2
        assert session.get_one(Referral, broken).nudge_at is not None
