"""Much mail at once, some of it garbage: none is lost, none stops another; `make faults` pours ten thousand."""

import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.inbound.mail_models import InboundMail
from leads.inbound.read import read, ready
from leads.inbound.take_in import take_in
from leads.messages.models import Message
from tests.cast import make_confirmed_person, make_lead
from tests.inbound.flood import flood

COUNT = int(os.environ.get("INBOUND_MAILS", "120"))
# Two in a hundred; of a few, more, so that every kind is among them.
EVERY = 50 if COUNT >= 1000 else 6
pytestmark = pytest.mark.timeout(120 + COUNT)


def test_none_is_lost_and_none_crashes(session: Session, make_sent: Callable[..., Message], tuesday: Callable[[timedelta], None]) -> None:
    people = [make_confirmed_person(session, given_name=f"Ana {number}", email=f"ana{number}@example.com") for number in range(20)]
    leads = [make_lead(session, person) for person in people]
    messages = [make_sent(person_id=lead.person_id, lead_id=lead.id) for lead in leads]
    since = time.perf_counter()
    taken = [take_in(session, mail) for mail in flood(COUNT, messages, every=EVERY)]
    kept = time.perf_counter() - since
    slowest = _read_all(session)
    session.flush()
    states = Counter(session.execute(select(InboundMail.state)).scalars())
    print(
        f"\n{COUNT} mails, {COUNT // EVERY} of them garbage: {len(taken) - taken.count(None)} kept in {kept:.1f} s, "
        f"{sum(states.values()) - states['waiting'] - states['failed']} read in {time.perf_counter() - since - kept:.1f} s, "
        f"the slowest {slowest:.2f} s; {dict(states)}"
    )
    assert None not in taken
    assert sum(states.values()) == COUNT
    assert states["waiting"] == states["failed"] == 0
    assert slowest < 10


def _read_all(session: Session) -> float:
    slowest = 0.0
    while waiting := ready(session):
        for row_id in waiting:
            since = time.perf_counter()
            read(session, row_id)
            session.flush()
            slowest = max(slowest, time.perf_counter() - since)
    return slowest
