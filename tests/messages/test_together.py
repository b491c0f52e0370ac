"""A line sends a few mails together, let go by one commit; each is still judged, fenced, answered and recorded by itself."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.audit.models import AuditEntry
from leads.consent.ledger import hold
from leads.db import lock, transaction
from leads.messages import deliver, permit, rhythm
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import cancel, post
from leads.messages.rhythm import Rhythm
from leads.messages.send import TOGETHER as HAND
from leads.people.models import Person
from leads.round_trips import OwnRoundTrips
from leads.security.tokens import Token
from tests.cast import ACTOR, make_confirmed_person
from tests.smtp_server import ScriptedServer

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("database", "tuesday", "an_empty_queue")]
LANE = "education"


@pytest.fixture(autouse=True)
def one_line(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One line, as if nothing were known yet of how far the relay is."""
    monkeypatch.setenv("SMTP_URL", server.url)
    monkeypatch.setattr(rhythm, "AT_HOME", 1)
    monkeypatch.setattr(deliver, "RHYTHMS", {LANE: Rhythm(), "reminder": Rhythm(), "transactional": Rhythm()})
    deliver._spare_lines.cache_clear()
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """As many due messages as go together, each to a person of its own, in the order in which they are due."""
    monkeypatch.setattr("leads.messages.send.WORTH_A_CONNECTION", 1)
    return [_put_down(f"person{number}@example.com") for number in range(HAND)]


def _put_down(email: str) -> uuid.UUID:
    with transaction() as session:
        person = make_confirmed_person(session, email=email, phone=None)
        return post(session, person.id, "office-location", cause="test", lane=LANE, facts={"office": "woodbury"}).id


def ends(ids: list[uuid.UUID]) -> list[tuple[str, str | None]]:
    """Return state and reason of each."""
    with transaction() as session:
        found = {id: (state, reason) for id, state, reason in session.execute(select(Message.id, Message.state, Message.reason))}
        return [found[id] for id in ids]


def whose(id: uuid.UUID) -> uuid.UUID:
    """Return the person a message goes to."""
    with transaction() as session:
        person_id = session.get_one(Message, id).person_id
        assert person_id
        return person_id


@pytest.fixture
def meanwhile(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Session], None]], None]:
    """Lets something happen once, when the last mail of a hand lies open."""

    def happens(what: Callable[[Session], None]) -> None:
        offered = list[str]()

        class Meanwhile(SmtpCarrier):
            def offer(self, envelope: Any, mime: bytes) -> None:
                super().offer(envelope, mime)
                offered.append(envelope.recipient)
                if len(offered) == HAND:
                    with transaction() as session:
                        what(session)

        monkeypatch.setattr(deliver, "open_carrier", lambda lane: Meanwhile(server.url, helo="x.test"))

    return happens


def test_a_hand_of_mails_is_let_go_by_one_commit(hand: list[uuid.UUID], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, begin = list[int](), permit.begin_sending
    monkeypatch.setattr(permit, "begin_sending", lambda letters, *rest: begun.append(letters) or begin(letters, *rest))
    assert drain((LANE,)) == HAND
    assert begun == [HAND]
    assert server.connections == HAND
    assert sorted(server.recipients) == [f"person{number}@example.com" for number in range(HAND)]
    assert ends(hand) == [("sent", None)] * HAND


def test_each_has_its_own_attempt_links_and_entry(hand: list[uuid.UUID], server: ScriptedServer) -> None:
    drain((LANE,))
    with transaction() as session:
        attempts = session.execute(select(DeliveryAttempt.message_id, DeliveryAttempt.outcome, DeliveryAttempt.reply_code)).all()
        assert sorted(attempts) == sorted((id, "sent", 250) for id in hand)
        links = session.execute(select(Token.message_id, Token.person_id).where(Token.purpose == "unsubscribe")).all()
        assert sorted(links) == sorted((id, whose(id)) for id in hand)
        told = select(AuditEntry.subject_id, AuditEntry.detail["template"].astext).where(AuditEntry.action == "message.sent")
        assert sorted(session.execute(told).all()) == sorted((id, "office-location") for id in hand)


def test_what_a_person_is_held_for_meanwhile_stops_theirs_alone(hand: list[uuid.UUID], server: ScriptedServer, meanwhile: Any) -> None:
    person = whose(hand[1])
    meanwhile(lambda session: hold(session, person, reason="test", actor="x"))
    drain((LANE,))
    assert ends(hand) == [("sent", None), ("skipped", "held"), *[("sent", None)] * (HAND - 2)]
    assert "person1@example.com" not in server.recipients
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(DeliveryAttempt)) == HAND - 1


def test_one_that_is_cancelled_meanwhile_does_not_go(hand: list[uuid.UUID], server: ScriptedServer, meanwhile: Any) -> None:
    meanwhile(lambda session: cancel(session, Message.id == hand[0], reason="stopped by staff", actor=ACTOR))
    drain((LANE,))
    assert ends(hand) == [("cancelled", "stopped by staff"), *[("sent", None)] * (HAND - 1)]
    assert len(server.mails) == HAND - 1


def test_one_that_must_say_less_since_it_was_written_is_written_anew(hand: list[uuid.UUID], server: ScriptedServer, meanwhile: Any) -> None:
    person = whose(hand[2])
    meanwhile(lambda session: setattr(session.get_one(Person, person), "discreet", True))
    drain((LANE,))
    drain((LANE,))
    assert ends(hand) == [("sent", None)] * HAND
    assert server.recipients.count("person2@example.com") == 1


@pytest.mark.parametrize(
    ("verb", "answer", "end"),
    [
        ("RCPT", "550 5.1.1 nobody here", ("failed", "bad-address")),
        ("DOT", "451 4.3.0 later", ("planned", "smtp-451")),
        ("DOT", "", ("unknown", "no-answer")),
    ],
    ids=["refused", "put off", "silent"],
)
def test_what_becomes_of_one_is_its_own_matter(
    hand: list[uuid.UUID], server: ScriptedServer, verb: str, answer: str, end: tuple[str, str]
) -> None:
    server.answer[verb].append(answer)
    drain((LANE,))
    assert sorted(ends(hand), key=str) == sorted([end, *[("sent", None)] * (HAND - 1)], key=str)


def test_when_the_relay_leaves_what_lies_open_still_goes(hand: list[uuid.UUID], server: ScriptedServer) -> None:
    server.answer["MAIL"].extend(["250 OK", "250 OK", "421 4.3.2 closing"])
    server.answer["MAIL"].extend(["421 4.3.2 closing"] * HAND)
    drain((LANE,))
    states = [state for state, _ in ends(hand)]
    assert states.count("sent") == len(server.mails) == 2
    assert states.count("planned") == HAND - 2


def test_two_for_one_person_are_not_counted_past_each_other(server: ScriptedServer) -> None:
    with transaction() as session:
        person = make_confirmed_person(session)
        ids = [
            post(session, person.id, "office-location", cause="test", lane="reminder", facts={"office": "woodbury"}).id for _ in range(4)
        ]
    drain(("reminder",))
    assert ends(ids) == [("sent", None)] * 2 + [("planned", "cap")] * 2


def test_somebody_at_one_persons_record_keeps_no_other_mail_waiting(
    hand: list[uuid.UUID], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permit, "SOON", "20ms")
    permit.ask_locks.cache_clear()
    person = whose(hand[0])
    with transaction() as session:
        lock(session, "person", person)
        draining = threading.Thread(target=drain, args=((LANE,),))
        draining.start()
        deadline = time.monotonic() + 10
        while len(server.mails) < HAND - 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(server.mails) == HAND - 1
    draining.join(10)
    assert ends(hand) == [("sent", None)] * HAND
    permit.ask_locks.cache_clear()


def test_where_the_commit_is_in_doubt_none_of_them_is_said_to_have_gone(
    hand: list[uuid.UUID], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = OwnRoundTrips.commit

    def unheard(trips: OwnRoundTrips, *asked: Any) -> Any:
        found = commit(trips, *asked)
        # Locks and letters: of all that is committed the only one that asks for two.
        if len(asked) == 2:
            raise psycopg.OperationalError("the answer was lost")
        return found

    monkeypatch.setattr(OwnRoundTrips, "commit", unheard)
    with pytest.raises(psycopg.OperationalError):
        drain((LANE,))
    assert not server.mails
    assert ends(hand) == [("planned", "withdrawn")] * HAND


def test_a_process_has_no_more_connections_than_it_may(
    server: ScriptedServer, hand: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "handoff_lines", 3)
    deliver._spare_lines.cache_clear()
    drain((LANE,))
    assert server.connections == 3
    assert deliver._spare_lines()._value == 2
    assert ends(hand) == [("sent", None)] * HAND


def test_for_a_few_mails_no_more_connections_are_opened_than_they_are_worth(server: ScriptedServer) -> None:
    for number in range(4):
        _put_down(f"few{number}@example.com")
    drain((LANE,))
    assert server.connections == 1


def test_what_answers_somebody_goes_alone(server: ScriptedServer) -> None:
    with transaction() as session:
        for number in range(3):
            person = make_confirmed_person(session, email=f"asks{number}@example.com", phone=None)
            post(session, person.id, "office-location", cause="test", facts={"office": "woodbury"})
    drain(("transactional",))
    assert server.connections == 1
    assert len(server.mails) == 3


def test_where_a_mail_leaves_only_with_its_answer_each_goes_alone(
    hand: list[uuid.UUID], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmtpCarrier, "goes_at_once", False)
    drain((LANE,))
    assert server.connections == 1
    assert ends(hand) == [("sent", None)] * HAND


def test_with_a_relay_that_has_become_slow_none_lies_open_while_the_others_wait(
    hand: list[uuid.UUID], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.late = 0.1
    monkeypatch.setattr("leads.messages.send.AT_EASE", 0.05)
    drain((LANE,))
    assert ends(hand) == [("sent", None)] * HAND
    assert server.connections == 1
