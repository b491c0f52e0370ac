"""What becomes of a message: sent once, sent later, never sent, and the reason each time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent import ledger
from leads.messages.carriers.base import Envelope
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, DeliveryAttempt, Message
from leads.messages.outbox import cancel
from leads.people.models import Person
from leads.todos.models import Todo
from tests.cast import ACTOR, make_confirmed_person, make_person
from tests.leaving_peer import leaving
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
Freeze = Callable[[datetime], AbstractContextManager[object]]


def state(session: Session, message: Message) -> tuple[str, str | None]:
    session.refresh(message)
    return message.state, message.reason


def test_a_due_message_goes_out_once(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    message = due()
    assert drain(LANES, carrier=carrier) == 1
    assert drain(LANES, carrier=carrier) == 0
    assert state(session, message) == ("sent", None)
    assert server.recipients == ["ana@example.com"]


def test_it_remembers_what_it_was_made_from(session: Session, due: Due, carrier: SmtpCarrier) -> None:
    message = due()
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert message.template_version
    assert message.mime_hash
    assert message.facts
    assert message.facts["office"] == "woodbury"
    assert session.scalars(select(DeliveryAttempt.outcome).where(DeliveryAttempt.message_id == message.id)).all() == ["sent"]


def test_nothing_goes_before_its_time(due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    due(due_at=now() + timedelta(minutes=5))
    assert drain(LANES, carrier=carrier) == 0
    assert not server.mails


def test_what_has_outlived_its_use_expires(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, tuesday: Callable[[timedelta], None]
) -> None:
    message = due(useful_until=now() + timedelta(days=1))
    tuesday(timedelta(days=10))
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("expired", "outlived")
    assert not server.mails


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DOT"])
def test_a_passing_refusal_is_tried_again_later(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, verb: str, tuesday: Callable[[timedelta], None]
) -> None:
    message = due()
    server.answer[verb].append("451 4.3.0 try later")
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("planned", "smtp-451")
    assert message.due_at > now()
    tuesday(timedelta(minutes=10))
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("sent", None)
    assert len(server.mails) == 1


def test_a_lasting_refusal_ends_it_and_asks_a_person_to_phone(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    message = due()
    server.answer["DOT"].append("554 5.6.0 no")
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("failed", "smtp-554")
    assert session.scalars(select(Todo.kind)).all() == ["phone-instead"]


def test_an_address_that_does_not_exist_is_never_written_to_again(
    session: Session, due: Due, person: Person, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    message, next_one = due(), due()
    server.answer["RCPT"].append("550 5.1.1 no such user")
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("failed", "bad-address")
    assert state(session, next_one) == ("skipped", "suppressed-address")


def test_silence_after_the_dot_is_unknown_and_not_sent_again(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    message = due()
    server.answer["DOT"].append("")
    drain(LANES, carrier=carrier)
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("unknown", "no-answer")
    assert len(server.mails) == 1


def test_a_server_that_leaves_before_the_dot_leaves_no_doubt(session: Session, due: Due) -> None:
    message = due()
    with leaving("close") as peer:

        class AfterItLeft(SmtpCarrier):
            def offer(self, *offered: object) -> None:
                super().offer(*offered)  # type: ignore[arg-type]
                assert peer.left.wait(5)

        drain(LANES, carrier=AfterItLeft(peer.url, helo="x.test"))
    assert state(session, message) == ("planned", "hung-up")
    assert message.attempts == 1
    assert session.scalars(select(DeliveryAttempt.outcome)).all() == ["refused"]


def test_no_server_leaves_everything_planned(session: Session, due: Due, server: ScriptedServer) -> None:
    message, other = due(), due()
    server.stop()
    assert drain(LANES, carrier=SmtpCarrier(server.url, helo="x.test")) == 0
    assert state(session, message) == state(session, other) == ("planned", "no-carrier")


def test_one_poison_row_stops_only_itself(session: Session, due: Due, carrier: SmtpCarrier) -> None:
    poison, healthy = due(facts={"office": object.__name__ * 3, "nonsense": {"a": 1}}), due()
    poison.facts_cell = b"\x01\x01\x00\x01broken"
    session.flush()
    drain(LANES, carrier=carrier)
    assert state(session, poison) == ("failed", "unreadable_cell")
    assert state(session, healthy) == ("sent", None)


def test_a_hold_between_claim_and_dot_stops_the_mail(session: Session, due: Due, person: Person, server: ScriptedServer) -> None:
    message = due()

    class HeldMeanwhile(SmtpCarrier):
        def offer(self, *offered: object) -> None:
            super().offer(*offered)  # type: ignore[arg-type]
            ledger.hold(session, person.id, reason="inquiry")
            session.flush()

    drain(LANES, carrier=HeldMeanwhile(server.url, helo="x.test"))
    assert state(session, message) == ("skipped", "held")
    assert not server.mails


def test_a_message_cancelled_while_claimed_does_not_go(session: Session, due: Due, server: ScriptedServer) -> None:
    message = due()

    class CancelledMeanwhile(SmtpCarrier):
        def offer(self, *offered: object) -> None:
            super().offer(*offered)  # type: ignore[arg-type]
            cancel(session, Message.id == message.id, reason="stopped by staff", actor=ACTOR)

    drain(LANES, carrier=CancelledMeanwhile(server.url, helo="x.test"))
    assert state(session, message) == ("cancelled", "stopped by staff")
    assert not server.mails


def test_each_skip_says_why(session: Session, due: Due, carrier: SmtpCarrier) -> None:
    stranger = make_person(session, email="new@example.com")
    reserved = make_confirmed_person(session, email="calm@example.com", grants=("contact",))
    unconfirmed, ungranted = due(person_id=stranger.id), due("how-ketamine-works", person_id=reserved.id)
    drain(LANES, carrier=carrier)
    assert state(session, unconfirmed) == ("skipped", "unconfirmed")
    assert state(session, ungranted) == ("skipped", "no-education-grant")


def test_a_pause_moves_a_mail_to_its_end(session: Session, due: Due, person: Person, carrier: SmtpCarrier) -> None:
    until = now() + timedelta(days=2)
    ledger.pause(session, person.id, until, reason="asked", actor=ACTOR)
    message = due("screening-reminder-1")
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("planned", "paused")
    assert message.due_at == until


def test_a_zone_whose_rules_changed_since_planning_moves_the_mail(session: Session, due: Due, carrier: SmtpCarrier) -> None:
    later = now().astimezone(ZoneInfo("America/New_York")) + timedelta(hours=1)
    message = due(local_due=f"{later.replace(microsecond=0).isoformat()}[America/New_York]")
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("planned", "zone")
    assert abs(message.due_at - later) < timedelta(seconds=1)


def test_a_retry_at_night_waits_for_the_morning(session: Session, due: Due, carrier: SmtpCarrier, freeze: Freeze) -> None:
    office_days = {"office": "woodbury", "rule": {"from": "09:00", "to": "18:00", "business_days": True}}
    with freeze(datetime(2026, 10, 7, 2, 30, tzinfo=UTC)):
        message = due("screening-reminder-1", window=office_days)
        drain(LANES, carrier=carrier)
        assert state(session, message) == ("planned", "window")
    assert message.due_at == datetime(2026, 10, 7, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(("template", "fact"), [("visit-tomorrow", "visit_at"), ("inquiry-received", "expected_by")])
def test_a_mail_that_is_tried_again_says_the_same_words(
    session: Session, due: Due, server: ScriptedServer, template: str, fact: str, tuesday: Callable[[timedelta], None]
) -> None:
    moment = (now() + timedelta(days=1)).isoformat()
    message = due(template, facts={"office": "woodbury", fact: moment, "number": "L-000042"})
    server.answer["DOT"].extend(["451 4.3.0 later", "250 2.0.0 taken"])
    seen: list[bytes] = []

    class Watched(SmtpCarrier):
        def offer(self, envelope: Envelope, mime: bytes) -> None:
            seen.append(mime)
            super().offer(envelope, mime)

    watched = Watched(server.url, helo="x.test")
    drain(LANES, carrier=watched)
    tuesday(timedelta(minutes=10))
    drain(LANES, carrier=watched)
    watched.close()
    assert len(server.mails) == 1
    first, second = (BytesParser(policy=default).parsebytes(mime) for mime in seen)
    assert [part.get_content() for part in first.iter_parts()] == [part.get_content() for part in second.iter_parts()]
    assert first["Subject"] == second["Subject"]
    session.refresh(message)
    assert message.facts
    assert message.facts[fact] == moment


def test_words_kept_by_an_earlier_version_are_said_as_they_are(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    kept = {"visit_at": "Tuesday, October 6, 10:00 AM", "visit_day": "Tuesday, October 6", "visit_time": "10:00 AM"}
    due("visit-tomorrow", facts={"office": "woodbury", **kept})
    drain(LANES, carrier=carrier)
    assert "10:00 AM" in server.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
