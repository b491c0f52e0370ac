"""The clock ends offers; one that fails keeps no other slot from being had."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from leads.appointments.book import offer
from leads.appointments.find import get
from leads.db import transaction
from tests.appointments.visits import ready, slot
from tests.cast import ACTOR, make_confirmed_person
from tests.schema import change_schema


@pytest.mark.committed
def test_an_offer_that_fails_keeps_no_other_from_ending(database: None, redis_url: str, tuesday: Callable[[timedelta], None]) -> None:
    from tasks.offers import expire_offers

    with transaction() as session:
        leads = [ready(session, person=make_confirmed_person(session, email=f"p{n}@example.com")).id for n in range(2)]
        broken, whole = (offer(session, lead, slot(hour), actor=ACTOR).id for lead, hour in zip(leads, (9, 10), strict=True))
    # Somebody may not end it: the calendar's own check refuses.
    change_schema(f"ALTER TABLE appointments ADD CONSTRAINT broken CHECK (id <> '{broken}' OR state = 'offered')")
    tuesday(timedelta(hours=49))
    expire_offers()
    change_schema("ALTER TABLE appointments DROP CONSTRAINT broken")
    with transaction() as session:
        assert (get(session, broken).state, get(session, whole).state) == ("offered", "cancelled")
