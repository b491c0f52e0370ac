"""The demo's visits: real verbs in real calendars, ahead, kept, missed and open."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from leads.appointments.models import Appointment
from leads.clock import now
from leads.db import transaction
from leads.local.demo import cast
from leads.local.play import play
from leads.messages.carriers.known import open_carrier
from leads.pipeline.models import Lead
from tests.cast import ACTOR
from tests.conftest import Mailbox


@pytest.mark.committed
def test_visits_of_every_kind_and_no_lead_without_its_own(database: None, mailbox: Mailbox, tuesday: Callable[[timedelta], None]) -> None:
    carrier = open_carrier()
    stories = [each for each in cast(140, seed=1, until=now()) if each.reached and each.goes_to in ("booked", "in_care")]
    for character in stories:
        play(character, carrier, until=now(), actor=ACTOR)
    carrier.close()
    with transaction() as session:
        visits = session.scalars(select(Appointment)).all()
        stages = Counter(session.scalars(select(Lead.stage)))
        kept = {visit.lead_id for visit in visits if visit.state == "attended"}
        assert {visit.state for visit in visits} >= {"booked", "attended", "no_show", "cancelled"}
        assert all(visit.offered_until > now() for visit in visits if visit.state == "offered" and visit.offered_until)
        assert set(session.scalars(select(Lead.id).where(Lead.stage == "in_care"))) <= kept
        assert stages["in_care"] > 0
    assert {"REQUEST", "CANCEL"} <= {method for mail in mailbox.messages for method in re.findall(r"METHOD:(\w+)", mail.calendar)}
