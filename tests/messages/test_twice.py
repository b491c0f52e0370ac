"""Mail twice, lost or for ever: what one bad answer did to a whole batch elsewhere, it does to one message here."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.db import transaction
from leads.errors import Conflict
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.outbox import cancel_one, post
from tests.cast import ACTOR, make_confirmed_person
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
LANE = ("transactional",)


def three_due(session: Session, due: Due) -> list[Message]:
    """Three messages to three people."""
    people = [make_confirmed_person(session, email=f"person{number}@example.com", phone=None) for number in range(3)]
    return [due(person_id=person.id) for person in people]


def states(session: Session, messages: list[Message]) -> list[str]:
    """What became of them."""
    for message in messages:
        session.refresh(message)
    return sorted(message.state for message in messages)


def test_one_rejected_address_does_not_replay_the_batch(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    messages = three_due(session, due)
    server.answer["RCPT"].extend(["250 OK", "550 5.1.1 no such user"])
    drain(LANE, carrier=carrier)
    drain(LANE, carrier=carrier)
    assert states(session, messages) == ["failed", "sent", "sent"]
    assert len(server.mails) == 2


def test_one_timeout_does_not_send_again_what_went_before(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    messages = three_due(session, due)
    server.answer["DOT"].extend(["250 2.0.0 taken", ""])
    drain(LANE, carrier=carrier)
    drain(LANE, carrier=carrier)
    assert states(session, messages) == ["sent", "sent", "unknown"]
    assert len(server.mails) == 3


def test_a_server_that_always_says_later_is_not_asked_for_ever(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, tuesday: Callable[[timedelta], None]
) -> None:
    message = due()
    server.answer["DOT"].extend(["451 4.3.0 later"] * 20)
    for _ in range(10):
        drain(LANE, carrier=carrier)
        tuesday(timedelta(hours=7))
    assert (states(session, [message]), message.reason) == (["failed"], "gave-up")
    assert len(server.answer["DOT"]) == 14


def test_a_refusal_does_not_spoil_the_connection_for_the_next_mail(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    messages = three_due(session, due)
    server.answer["RCPT"].append("451 4.2.1 mailbox busy")
    drain(LANE, carrier=carrier)
    assert states(session, messages) == ["planned", "sent", "sent"]


@pytest.mark.committed
def test_what_a_worker_began_to_send_is_not_stopped_on_an_old_look(database: None) -> None:
    with transaction() as session:
        message_id = post(session, make_confirmed_person(session).id, "office-location", cause="test").id
    with transaction() as slower:
        slower.get_one(Message, message_id)
        with transaction() as worker:
            worker.get_one(Message, message_id).state = "sending"
        with pytest.raises(Conflict, match="it is sending"):
            cancel_one(slower, message_id, reason="stopped-by-staff", actor=ACTOR)
