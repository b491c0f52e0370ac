"""A message is claimed by one worker at a time, and a claim is worth nothing once the fence has risen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.claim import claim
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outbox import post
from tests.cast import make_confirmed_person
from tests.smtp_server import ScriptedServer


@pytest.fixture
def forty_due(database: None) -> None:
    """Forty committed messages that are due."""
    with transaction() as session:
        person = make_confirmed_person(session)
        for _ in range(40):
            post(session, person.id, "office-location", cause="test", facts={"office": "woodbury"})


@pytest.mark.committed
def test_eight_workers_send_each_message_once(forty_due: None, server: ScriptedServer) -> None:
    def work(_: int) -> int:
        carrier = SmtpCarrier(server.url, helo="x.test")
        sent = drain(LANES, carrier=carrier)
        carrier.close()
        return sent

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(work, range(8))) == 40
    ids = [mail["Message-ID"] for mail in server.mails]
    assert len(ids) == len(set(ids)) == 40


@pytest.mark.committed
def test_two_claims_never_overlap(forty_due: None) -> None:
    with transaction() as one, transaction() as other:
        first = {each.message_id for each in claim(one, "transactional", limit=25)}
        second = {each.message_id for each in claim(other, "transactional", limit=25)}
    assert (len(first), len(second)) == (25, 15)
    assert not first & second


def test_the_longest_due_is_claimed_first(session: Session) -> None:
    person = make_confirmed_person(session)
    late, later = (post(session, person.id, "office-location", cause="test", due_at=now() - timedelta(hours=age)) for age in (1, 2))
    session.flush()
    assert [each.message_id for each in claim(session, "transactional", limit=5)] == [later.id, late.id]


def test_a_claim_whose_fence_has_risen_sends_nothing(session: Session, server: ScriptedServer) -> None:
    person = make_confirmed_person(session)
    message = post(session, person.id, "office-location", cause="test", facts={"office": "woodbury"})
    session.flush()

    class Overtaken(SmtpCarrier):
        def offer(self, *offered: object) -> None:
            super().offer(*offered)  # type: ignore[arg-type]
            session.execute(update(Message).values(fence=Message.fence + 1))

    drain(LANES, carrier=Overtaken(server.url, helo="x.test"))
    assert not server.mails
    assert session.scalar(select(Message.state).where(Message.id == message.id)) == "claimed"
