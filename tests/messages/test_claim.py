"""A message is claimed by one worker at a time, and a claim is worth nothing once the fence has risen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.claim import claim, claim_suspect, give_back
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outbox import post
from leads.round_trips import round_trips
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
    with round_trips() as one, round_trips() as other:
        first = {each.id for each in claim(one, "transactional", limit=25)}
        second = {each.id for each in claim(other, "transactional", limit=25)}
    assert (len(first), len(second)) == (25, 15)
    assert not first & second


def test_the_longest_due_is_claimed_first(session: Session) -> None:
    person = make_confirmed_person(session)
    late, later = (post(session, person.id, "office-location", cause="test", due_at=now() - timedelta(hours=age)) for age in (1, 2))
    session.flush()
    with round_trips() as trips:
        assert [each.id for each in claim(trips, "transactional", limit=5)] == [later.id, late.id]


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


def test_each_claim_is_another_right(session: Session) -> None:
    post(session, make_confirmed_person(session).id, "office-location", cause="test")
    session.flush()
    with round_trips() as trips:
        first = claim(trips, "transactional", limit=5)
        give_back(trips, first)
        second = claim(trips, "transactional", limit=5)
    assert [each.fence for each in second] == [each.fence + 1 for each in first]


def test_the_next_claim_goes_on_where_the_last_one_ended(session: Session) -> None:
    person = make_confirmed_person(session)
    rows = [post(session, person.id, "office-location", cause="test", due_at=now() - timedelta(hours=9 - age)) for age in range(6)]
    session.flush()
    with round_trips() as trips:
        first = claim(trips, "transactional", limit=2)
        session.execute(update(Message).where(Message.id == rows[0].id).values(state="planned"))
        onward = claim(trips, "transactional", limit=2)
        rest = claim(trips, "transactional", limit=10)
    assert [each.id for each in first + onward] == [row.id for row in rows[:4]]
    assert {each.id for each in rest} == {rows[0].id, rows[4].id, rows[5].id}


def test_what_was_with_a_dead_worker_is_claimed_alone_and_last(session: Session) -> None:
    person = make_confirmed_person(session)
    suspect, other = (post(session, person.id, "office-location", cause="test", due_at=now() - timedelta(hours=age)) for age in (2, 1))
    suspect.lost_leases = 1
    session.flush()
    with round_trips() as trips:
        assert [each.id for each in claim(trips, "transactional", limit=5)] == [other.id]
        assert [each.id for each in claim_suspect(trips, "transactional")] == [suspect.id]


def test_what_was_not_begun_can_be_given_back(session: Session) -> None:
    message = post(session, make_confirmed_person(session).id, "office-location", cause="test")
    session.flush()
    with round_trips() as trips:
        give_back(trips, claim(trips, "transactional", limit=5))
    session.refresh(message)
    assert (message.state, message.lease_until) == ("planned", None)
