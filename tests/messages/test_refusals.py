"""One mailbox that takes nothing from us ends alone; where everybody refuses, it is us, and the lane rests."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.messages.carriers.base import Receipt
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outcome import RETRY_AFTER
from leads.messages.refusals import MAILBOXES_IN_A_ROW, Way, forget_refusals
from leads.messages.switch import stops
from leads.todos.models import Todo
from tests.cast import make_confirmed_person
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
Advance = Callable[[timedelta], None]
BLOCKED = "550 5.7.1 blocked by policy"


@pytest.fixture(autouse=True)
def nobody_refused() -> Iterator[None]:
    yield
    for lane in LANES:
        forget_refusals(Way(lane, "smtp"))


def states(session: Session, *messages: Message) -> list[tuple[str, str | None]]:
    for message in messages:
        session.refresh(message)
    return [(message.state, message.reason) for message in messages]


def to(session: Session, due: Due, *addresses: str) -> list[Message]:
    return [due(person_id=make_confirmed_person(session, email=address).id) for address in addresses]


def test_a_poisoned_mailbox_never_holds_up_a_strangers_mail(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, tuesday: Advance
) -> None:
    (poisoned,) = to(session, due, "poison@example.org")
    for hours in range(14):
        server.answer["RCPT"].append(BLOCKED)
        drain(LANES, carrier=carrier)
        assert not stops(session)
        server.answer["RCPT"].clear()
        (stranger,) = to(session, due, f"stranger{hours}@example.net")
        drain(LANES, carrier=carrier)
        assert states(session, stranger) == [("sent", None)]
        tuesday(timedelta(hours=1))
    assert states(session, poisoned) == [("failed", "smtp-550")]
    assert poisoned.attempts == len(RETRY_AFTER)
    assert session.scalars(select(Todo.kind)).all() == ["phone-instead"]


def test_it_ends_with_a_call_though_nothing_else_is_ever_sent(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, tuesday: Advance
) -> None:
    (poisoned,) = to(session, due, "poison@example.org")
    for _ in range(20):
        server.answer["DOT"].append(BLOCKED)
        drain(LANES, carrier=carrier)
        tuesday(timedelta(hours=1))
    assert states(session, poisoned) == [("failed", "smtp-550")]
    assert not stops(session)


def test_three_domains_in_a_row_mean_us(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    messages = to(session, due, "a@example.org", "b@example.net", "c@example.com", "d@example.test")
    server.answer["RCPT"].extend([BLOCKED] * 3)
    drain(LANES, carrier=carrier)
    assert [state[1] for state in states(session, *messages)] == ["smtp-550", "smtp-550", "lane-rests", None]
    assert [message.attempts for message in messages] == [1, 1, 0, 0]
    assert [stop.lane for stop in stops(session)] == ["transactional"]


def test_one_that_is_taken_between_them_says_that_it_is_not_us(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    messages = to(session, due, "a@example.org", "b@example.net", "taken@example.org", "c@example.com", "d@example.test")
    server.answer["RCPT"].extend([BLOCKED, BLOCKED, "250 OK", BLOCKED, "250 OK"])
    drain(LANES, carrier=carrier)
    assert [state for state, _ in states(session, *messages)] == ["planned", "planned", "sent", "planned", "sent"]
    assert not stops(session)


def test_one_domain_that_refuses_us_needs_many_mailboxes_to_say_so(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    messages = to(session, due, *(f"person{number}@example.org" for number in range(MAILBOXES_IN_A_ROW + 1)))
    server.answer["RCPT"].extend([BLOCKED] * MAILBOXES_IN_A_ROW)
    drain(LANES, carrier=carrier)
    reasons = [reason for _, reason in states(session, *messages)]
    assert reasons == ["smtp-550"] * (MAILBOXES_IN_A_ROW - 1) + ["lane-rests", None]


def test_a_refusal_before_any_recipient_was_named_means_us(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    (message,) = to(session, due, "a@example.org")
    server.answer["MAIL"].append(BLOCKED)
    drain(LANES, carrier=carrier)
    assert states(session, message) == [("planned", "lane-rests")]
    assert message.attempts == 0


@pytest.mark.parametrize(
    ("receipt", "of_us"),
    [
        (Receipt(550, "5.7.1"), False),
        (Receipt(550, "5.7.0"), False),
        (Receipt(550, "5.7.1", to_sender=True), True),
        (Receipt(550, "5.1.8", to_sender=True), False),
        (Receipt(550, "5.7.26"), True),
        (Receipt(535, "5.7.8"), True),
        (Receipt(530), True),
        (Receipt(554, "5.7.13"), True),
        (Receipt(550, "5.7.606"), True),
        (Receipt(550, "5.1.1"), False),
        (Receipt(451, "4.7.26"), False),
    ],
)
def test_some_codes_speak_of_the_sender(receipt: Receipt, of_us: bool) -> None:
    assert receipt.refuses_us == of_us
