"""Sending can be stopped by a person, and rests by itself when it is us who are refused."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.errors import Conflict
from leads.messages.carriers.base import Receipt
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.switch import BREAKER_OPEN_FOR, open_breaker, pause_sending, resume_sending, stops
from tests.cast import ACTOR
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
BLOCKED = "550 5.7.1 blocked by policy"
UNSIGNED = "550 5.7.26 your mail has no signature of yours"


def states(session: Session, *messages: Message) -> list[tuple[str, str | None]]:
    for message in messages:
        session.refresh(message)
    return [(message.state, message.reason) for message in messages]


def test_nothing_goes_while_sending_is_paused(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    due()
    pause_sending(session, reason="wrong text", actor=ACTOR)
    assert drain(LANES, carrier=carrier) == 0
    assert not server.mails


@pytest.mark.parametrize("moment", ["offer", "release"])
def test_pausing_in_the_middle_of_a_batch_stops_the_rest_of_it(session: Session, due: Due, server: ScriptedServer, moment: str) -> None:
    messages = [due() for _ in range(10)]

    class PausedMeanwhile(SmtpCarrier):
        def offer(self, *offered: object) -> None:
            super().offer(*offered)  # type: ignore[arg-type]
            self.after("offer")

        def answer(self) -> Receipt:
            receipt = super().answer()
            self.after("release")
            return receipt

        def after(self, what: str) -> None:
            if what == moment and not stops(session):
                pause_sending(session, reason="wrong text", actor=ACTOR)

    times = [each.due_at for each in messages]
    drain(LANES, carrier=PausedMeanwhile(server.url, helo="x.test"))
    gone = 1 if moment == "release" else 0
    assert len(server.mails) == gone
    assert [state for state, _ in states(session, *messages)] == ["sent"] * gone + ["planned"] * (10 - gone)
    assert [each.due_at for each in messages] == times
    resume_sending(session, actor=ACTOR)
    session.flush()
    drain(LANES, carrier=SmtpCarrier(server.url, helo="x.test"))
    assert len(server.mails) == 10


def test_a_breaker_that_another_worker_opened_gives_a_batch_back(session: Session, due: Due, server: ScriptedServer) -> None:
    first, other_lane = due(), due("screening-reminder-1")

    class OpenedMeanwhile(SmtpCarrier):
        def offer(self, *offered: object) -> None:
            super().offer(*offered)  # type: ignore[arg-type]
            open_breaker(session, "transactional", reason="smtp-535")

    drain(LANES, carrier=OpenedMeanwhile(server.url, helo="x.test"))
    assert states(session, first, other_lane) == [("planned", "sending-rests"), ("sent", None)]


def test_a_page_about_danger_passes_the_switch_at_the_last_moment_too(session: Session, due: Due, server: ScriptedServer) -> None:
    page = due(lane="safety")

    class PausedMeanwhile(SmtpCarrier):
        def offer(self, *offered: object) -> None:
            super().offer(*offered)  # type: ignore[arg-type]
            pause_sending(session, reason="wrong text", actor=ACTOR)

    drain(LANES, carrier=PausedMeanwhile(server.url, helo="x.test"))
    assert states(session, page) == [("sent", None)]


def test_what_waited_goes_when_it_is_resumed(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    due()
    pause_sending(session, reason="wrong text", actor=ACTOR)
    assert resume_sending(session, actor=ACTOR) == 1
    session.flush()
    assert drain(LANES, carrier=carrier) == 1
    assert len(server.mails) == 1


def test_pausing_twice_is_told(session: Session) -> None:
    pause_sending(session, reason="wrong text", actor=ACTOR)
    with pytest.raises(Conflict):
        pause_sending(session, reason="again", actor=ACTOR)


def test_a_refusal_of_us_rests_the_lane_and_is_nobodys_fault(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    refused, next_one, other_lane = due(), due(), due("screening-reminder-1")
    server.answer["RCPT"].append(UNSIGNED)
    drain(LANES, carrier=carrier)
    assert states(session, refused, next_one, other_lane) == [("planned", "lane-rests"), ("planned", None), ("sent", None)]
    assert refused.attempts == 0


def test_after_its_rest_the_lane_is_tried_again(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, tuesday: Callable[[timedelta], None]
) -> None:
    message = due()
    server.answer["DOT"].append(UNSIGNED)
    drain(LANES, carrier=carrier)
    tuesday(BREAKER_OPEN_FOR + timedelta(seconds=1))
    drain(LANES, carrier=carrier)
    assert states(session, message) == [("sent", None)]


def test_an_open_breaker_is_opened_once(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    until = open_breaker(session, "reminder", reason="smtp-550")
    tuesday(timedelta(minutes=1))
    assert open_breaker(session, "reminder", reason="smtp-550") == until
    assert len(stops(session)) == 1


def test_resuming_by_hand_closes_breakers_too(session: Session) -> None:
    open_breaker(session, "reminder", reason="smtp-550")
    assert resume_sending(session, actor=ACTOR) == 1
    assert not stops(session)
