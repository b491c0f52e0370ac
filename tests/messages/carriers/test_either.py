"""When the first carrier is away or refuses us, the second takes what is still to go, and nothing that may have gone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import Mail, clinic
from leads.messages.carriers import either
from leads.messages.carriers.known import open_carrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, DeliveryAttempt, Message
from leads.todos.models import Todo
from tests.cast import make_confirmed_person
from tests.messages.test_deliver import Due, state
from tests.provider import Answer, Provider
from tests.smtp_server import ScriptedServer

Advance = Callable[[timedelta], None]
BLOCKED = "550 5.7.1 blocked by policy"


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A mail server that takes over: every lane goes by postmark, then by smtp."""
    server = ScriptedServer()
    monkeypatch.setenv("SMTP_URL", server.url)
    ways = {"carriers": {"default": ["postmark", "smtp"]}}
    monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | ways))
    yield server
    server.stop()


@pytest.fixture
def both(second: ScriptedServer, use: Callable[..., None]) -> ScriptedServer:
    """Both carriers in the settings."""
    use("postmark")
    return second


@pytest.fixture
def relay(both: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The same two the other way round: a mail server first, postmark behind it."""
    ways = {"carriers": {"default": ["smtp", "postmark"]}}
    monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | ways))
    return both


def to(session: Session, due: Due, *addresses: str) -> list[Message]:
    return [due(person_id=make_confirmed_person(session, email=address).id) for address in addresses]


def carriers_of(session: Session, message: Message) -> list[str]:
    tried = select(DeliveryAttempt.carrier).where(DeliveryAttempt.message_id == message.id).order_by(DeliveryAttempt.id)
    return list(session.scalars(tried))


def test_the_first_choice_takes_what_it_can(session: Session, due: Due, provider: Provider, both: ScriptedServer) -> None:
    message = due()
    drain(LANES)
    assert carriers_of(session, message) == ["postmark"]
    assert (len(provider.asked), both.mails) == (1, [])


def test_the_second_takes_over_while_the_first_is_away(session: Session, due: Due, provider: Provider, both: ScriptedServer) -> None:
    first, other = due(), due()
    provider.leave()
    drain(LANES)
    assert state(session, first) == state(session, other) == ("sent", None)
    assert carriers_of(session, first) == ["smtp"]
    assert len(both.mails) == 2


def test_a_carrier_that_was_away_is_asked_again(
    session: Session, due: Due, provider: Provider, both: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(either, "AWAY_FOR", 0.0)
    carrier = open_carrier("reminder")
    carrier.both[0].url = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    due()
    drain(LANES, carrier=carrier)
    carrier.both[0].url = provider.url  # type: ignore[attr-defined]
    message = due()
    drain(LANES, carrier=carrier)
    assert carriers_of(session, message) == ["postmark"]


def test_what_may_have_gone_out_stays_where_it_went(session: Session, due: Due, provider: Provider, both: ScriptedServer) -> None:
    message, next_one = due(), due()
    provider.answers.append(Answer(drop=True))
    drain(LANES)
    drain(LANES)
    assert state(session, message) == ("unknown", "no-answer")
    assert carriers_of(session, message) == ["postmark"]
    assert state(session, next_one) == ("sent", None)
    assert both.mails == []


def test_a_carrier_that_refuses_us_rests_and_its_mail_goes_by_the_other(
    session: Session, due: Due, provider: Provider, both: ScriptedServer, tuesday: Advance
) -> None:
    message, next_one = due(), due()
    provider.answers.append(Answer(401, {"ErrorCode": 10}))
    drain(LANES)
    assert state(session, message) == ("planned", "next-carrier")
    assert state(session, next_one) == ("sent", None)
    tuesday(timedelta(minutes=2))
    drain(LANES)
    assert carriers_of(session, message) == ["postmark", "smtp"]
    assert message.attempts == 0
    assert session.scalars(select(Todo.kind)).all() == []


def test_when_both_refuse_us_the_lane_rests(session: Session, due: Due, provider: Provider, both: ScriptedServer, tuesday: Advance) -> None:
    message = due()
    provider.answers.append(Answer(401, {"ErrorCode": 10}))
    both.answer["DOT"].append("550 5.7.26 not you")
    drain(LANES)
    tuesday(timedelta(minutes=2))
    drain(LANES)
    assert state(session, message) == ("planned", "lane-rests")


def test_when_both_are_away_everything_waits(session: Session, due: Due, provider: Provider, both: ScriptedServer) -> None:
    message = due()
    provider.leave()
    both.leave()
    drain(LANES)
    assert state(session, message) == ("planned", "no-carrier")
    assert message.attempts == 0


def test_a_refusal_of_the_recipient_is_no_reason_to_change_over(
    session: Session, due: Due, provider: Provider, both: ScriptedServer
) -> None:
    message = due()
    provider.answers.append(Answer(422, {"ErrorCode": 406}))
    drain(LANES)
    assert state(session, message) == ("failed", "bad-address")
    assert both.mails == []


def test_one_mailbox_that_takes_nothing_from_us_moves_no_strangers_mail(
    session: Session, due: Due, provider: Provider, relay: ScriptedServer, tuesday: Advance
) -> None:
    poisoned, *strangers = to(session, due, "poison@example.org", "a@example.net", "b@example.com")
    for _ in range(12):
        relay.answer["RCPT"].append(BLOCKED)
        drain(LANES)
        relay.answer["RCPT"].clear()
        tuesday(timedelta(hours=2))
    assert state(session, poisoned) == ("failed", "smtp-550")
    assert [carriers_of(session, each) for each in strangers] == [["smtp"], ["smtp"]]
    assert provider.asked == []


def test_strangers_refused_one_after_another_change_over_and_lose_nothing(
    session: Session, due: Due, provider: Provider, relay: ScriptedServer, tuesday: Advance
) -> None:
    messages = to(session, due, "a@example.org", "b@example.net", "c@example.com", "d@example.test")
    relay.answer["RCPT"].extend([BLOCKED] * 3)
    drain(LANES)
    assert [state(session, each)[1] for each in messages] == ["smtp-550", "smtp-550", "next-carrier", None]
    tuesday(timedelta(minutes=10))
    drain(LANES)
    assert {state(session, each) for each in messages} == {("sent", None)}
    assert [carriers_of(session, each)[-1] for each in messages] == ["postmark"] * 4
    assert relay.mails == []


def test_a_refusal_before_any_recipient_was_named_changes_over_at_once(
    session: Session, due: Due, provider: Provider, relay: ScriptedServer
) -> None:
    message, next_one = to(session, due, "a@example.org", "b@example.net")
    relay.answer["MAIL"].append(BLOCKED)
    drain(LANES)
    assert state(session, message) == ("planned", "next-carrier")
    assert carriers_of(session, next_one) == ["postmark"]


def test_each_lane_may_go_its_own_way(session: Session, due: Due, provider: Provider, both: ScriptedServer, monkeypatch: Any) -> None:
    ways = {"carriers": {"default": ["postmark"], "transactional": ["smtp"]}}
    monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | ways))
    lesson, answer = due("screening-reminder-1"), due("office-location", lane="transactional")
    drain(LANES)
    assert carriers_of(session, lesson) == ["postmark"]
    assert carriers_of(session, answer) == ["smtp"]
