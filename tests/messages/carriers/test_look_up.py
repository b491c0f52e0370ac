"""A carrier that can be asked is asked about what stayed unknown, before a policy guesses."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.messages.carriers import postmark
from leads.messages.deliver import drain
from leads.messages.look_up import ask_carriers
from leads.messages.models import LANES, Message
from leads.messages.outbox import cancel
from leads.messages.recover import SETTLE_AFTER, settle
from leads.todos.models import Todo
from tests.cast import make_lead
from tests.messages.carriers.mail import MESSAGE
from tests.messages.test_deliver import Due, state
from tests.provider import Answer, Provider

Advance = Callable[[timedelta], None]
LATER = SETTLE_AFTER + timedelta(minutes=1)


@pytest.fixture
def unknown(session: Session, due: Due, provider: Provider, use: Callable[[str], None], tuesday: Advance) -> Callable[..., Message]:
    """Makes a message of which Postmark never said whether it took it, an hour ago."""
    use("postmark")

    def make(**decided: object) -> Message:
        message = due(**decided)
        provider.answers.append(Answer(drop=True))
        drain(LANES, carrier=postmark.Postmark())
        assert state(session, message) == ("unknown", "no-answer")
        tuesday(LATER)
        return message

    return make


def settled(session: Session) -> int:
    count = settle(session)
    session.flush()
    return count


def found(*ids: str) -> Answer:
    return Answer(body={"TotalCount": len(ids), "Messages": [{"Status": "Sent", "Metadata": {"handoff-message": id}} for id in ids]})


def test_what_it_has_was_sent_and_is_never_sent_again(session: Session, provider: Provider, unknown: Callable[..., Message]) -> None:
    message = unknown(on_unknown="resend_once")
    provider.answers.append(found(message.id.hex))
    assert (ask_carriers(), settled(session)) == (1, 0)
    assert state(session, message) == ("sent", "looked-up")
    assert message.sent_at == message.state_at - LATER


def test_what_it_does_not_speak_of_is_left_to_the_policy(session: Session, provider: Provider, unknown: Callable[..., Message]) -> None:
    message = unknown()
    provider.answers.append(found())
    assert (ask_carriers(), settled(session)) == (0, 1)
    assert state(session, message) == ("sent", "assumed")


def test_another_message_is_no_answer(session: Session, provider: Provider, unknown: Callable[..., Message]) -> None:
    unknown()
    provider.answers.append(found(MESSAGE.hex))
    assert ask_carriers() == 0


@pytest.mark.parametrize(
    "answer", [Answer(500), Answer(401, {"ErrorCode": 10}), Answer(drop=True), Answer(body=[1]), Answer(body={"Messages": 3})]
)
def test_one_that_cannot_be_asked_keeps_nothing_waiting(
    session: Session, provider: Provider, unknown: Callable[..., Message], answer: Answer
) -> None:
    message = unknown()
    provider.answers.append(answer)
    assert (ask_carriers(), settled(session)) == (0, 1)
    assert state(session, message) == ("sent", "assumed")


def test_one_that_is_away_is_asked_once_and_not_for_each_message(
    session: Session, provider: Provider, unknown: Callable[..., Message]
) -> None:
    unknown(), unknown(), unknown()
    provider.asked.clear()
    provider.answers.extend([Answer(drop=True)] * 3)
    assert ask_carriers() == 0
    assert len(provider.asked) == 1


def test_what_staff_have_been_asked_about_for_days_is_not_asked_again(
    session: Session, provider: Provider, unknown: Callable[..., Message], tuesday: Advance
) -> None:
    unknown(on_unknown="ask_staff")
    provider.asked.clear()
    tuesday(timedelta(hours=1))
    assert (ask_carriers(), provider.asked) == (0, [])


def test_staff_need_not_find_out_what_it_knows(session: Session, provider: Provider, unknown: Callable[..., Message]) -> None:
    lead = make_lead(session)
    message = unknown(on_unknown="ask_staff", lead_id=lead.id, person_id=lead.person_id)
    settled(session)
    provider.answers.append(found(message.id.hex))
    assert ask_carriers() == 1
    assert session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))).all() == []


def test_it_is_asked_by_our_id_alone(provider: Provider, unknown: Callable[..., Message]) -> None:
    message = unknown()
    provider.asked.clear()
    ask_carriers()
    (asked,) = provider.asked
    assert dict(httpx.URL(asked.path).params) == {"count": "10", "offset": "0", "metadata_handoff-message": message.id.hex}
    assert asked.headers["x-postmark-server-token"] == "postmark-token"


def test_whoever_was_faster_is_right(
    session: Session, provider: Provider, unknown: Callable[..., Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = unknown()

    def decided_meanwhile(_: object, message_id: object) -> bool:
        message.state = "failed"
        session.flush()
        return True

    monkeypatch.setattr(postmark.Postmark, "has", decided_meanwhile)
    assert ask_carriers() == 0
    assert cancel(session, Message.id == message.id, reason="test") == 0
