"""Reports, complaints and absence notes: each does what it must, once, and nothing more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import is_confirmed, open_holds, paused_until, suppressed_topics
from leads.consent.models import Suppression
from leads.inbound import read as module
from leads.inbound.answered import AWAY_FOR
from leads.inbound.mail_models import InboundMail
from leads.inbound.read import MOST_TRIES, put_off, read, ready
from leads.inbound.take_in import take_in
from leads.messages.models import Message
from leads.people.models import Person
from leads.sequences.rest import pause
from leads.todos.models import Todo
from tests.cast import make_lead, make_person
from tests.inbound.mails import arrived, bring, received

Sent = Callable[..., Message]
Advance = Callable[[timedelta], None]
# Midnight in New Haven at the start of the nineteenth.
BACK = datetime(2026, 10, 19, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_tuesday(tuesday: Advance) -> None:
    """Ten in the morning in New Haven."""


def suppressions(session: Session) -> list[str]:
    return list(session.scalars(select(Suppression.reason)))


@pytest.mark.parametrize("name", ["postfix-no-such-user", "exchange-online-no-such-user", "yahoo-no-such-user", "qmail-local-no-mailbox"])
def test_an_address_that_does_not_exist_gets_no_second_mail(session: Session, make_sent: Sent, name: str) -> None:
    message = make_sent()
    row = bring(session, received(name, message))
    assert (row.kind, row.state, message.state) == ("bounce", "done", "bounced")
    assert suppressions(session) == ["bounced"]
    assert session.scalars(select(Todo.kind)).all() == ["phone-instead"]


@pytest.mark.parametrize("name", ["exchange-full", "icloud-full", "gmail-policy", "postfix-gave-up", "forwarded-target-gone"])
def test_what_may_pass_silences_nobody(session: Session, make_sent: Sent, name: str) -> None:
    message = make_sent()
    bring(session, received(name, message))
    assert message.state == "bounced"
    assert suppressions(session) == []


@pytest.mark.parametrize("name", ["postfix-delayed", "exim-old-delayed"])
def test_a_late_mail_is_still_on_its_way(session: Session, make_sent: Sent, name: str) -> None:
    message = make_sent()
    assert bring(session, received(name, message)).kind == "deferral"
    assert message.state == "sent"


def test_what_nobody_knew_is_settled_by_the_servers_report(session: Session, make_sent: Sent) -> None:
    message = make_sent(state="unknown")
    bring(session, received("delivered", message))
    assert message.state == "delivered"


def test_a_bounce_in_its_second_copy_changes_nothing(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    raw = received("postfix-no-such-user", message)
    bring(session, raw)
    assert take_in(session, arrived(b"Received: again\r\n" + raw)) is None
    assert session.scalar(select(func.count()).select_from(Todo)) == 1


def test_a_forged_report_silences_nobody(session: Session, person: Person, make_sent: Sent) -> None:
    make_sent()
    row = bring(session, received("ses-no-such-user"), to="care@mail.elmharbor.test")
    assert (row.state, row.reason) == ("unmatched", "not-our-message")
    assert suppressions(session) == []


def test_a_complaint_ends_all_mail(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    assert bring(session, received("complaint-yahoo", message)).kind == "complaint"
    assert message.state == "complained"
    assert suppressed_topics(session, message.person_id or message.id) == {None}


def test_a_complaint_taken_back_ends_nothing(session: Session, make_sent: Sent) -> None:
    row = bring(session, received("complaint-not-spam", make_sent()))
    assert (row.state, suppressions(session)) == ("ignored", [])


@pytest.mark.parametrize("name", ["away-exchange", "away-gmail", "away-outlook-spanish", "away-yahoo", "away-by-subject-alone"])
def test_an_absence_rests_until_they_are_back(session: Session, person: Person, make_sent: Sent, name: str) -> None:
    row = bring(session, received(name, make_sent()))
    assert row.kind == "out-of-office"
    assert paused_until(session, person.id) == BACK


def test_an_absence_without_a_day_rests_for_some(session: Session, person: Person, make_sent: Sent) -> None:
    bring(session, received("away-sieve", make_sent()))
    assert paused_until(session, person.id) == now() + AWAY_FOR


def test_an_absence_never_withdraws_and_never_confirms(session: Session, make_sent: Sent) -> None:
    person = make_person(session, email="cara@example.com", given_name="Cara")
    make_lead(session, person)
    message = make_sent(person_id=person.id)
    message.address_index = person.email_index
    bring(session, received("away-exchange", message, **{"ana@example.com": "cara@example.com"}))
    assert suppressions(session) == []
    assert not is_confirmed(session, person.id, person.email_index)


def test_an_absence_does_not_cut_a_longer_rest_short(session: Session, person: Person, make_sent: Sent) -> None:
    until = BACK + timedelta(days=30)
    pause(session, person.id, until, reason="asked", actor="system")
    bring(session, received("away-exchange", make_sent()))
    assert paused_until(session, person.id) == until


@pytest.mark.parametrize("name", ["challenge", "list"])
def test_other_machines_change_nothing(session: Session, person: Person, make_sent: Sent, name: str) -> None:
    row = bring(session, received(name, make_sent()))
    assert row.state == "ignored"
    assert paused_until(session, person.id) is None


@pytest.mark.parametrize("name", ["away-exchange", "away-gmail", "challenge", "list", "complaint-yahoo", "postfix-delayed"])
def test_no_mail_is_ever_answered_by_mail(session: Session, make_sent: Sent, name: str) -> None:
    bring(session, received(name, make_sent()))
    assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_machine_that_speaks_of_dying_is_read_by_a_person(session: Session, person: Person, make_sent: Sent) -> None:
    words = {"Hello, your message is waiting for approval.": "I want to die."}
    bring(session, received("challenge", make_sent(), **words))
    assert open_holds(session, person.id)


def test_a_mail_nobody_can_read_keeps_no_other_waiting(
    session: Session, make_sent: Sent, tuesday: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = take_in(session, arrived(received("list")))
    assert poison
    monkeypatch.setattr(module, "parse", lambda _: 1 / 0)
    for _ in range(MOST_TRIES):
        (row_id,) = ready(session)
        with pytest.raises(ZeroDivisionError):
            read(session, row_id)
        put_off(session, row_id)
        assert ready(session) == []
        tuesday(timedelta(hours=1))
    assert session.get_one(InboundMail, poison).state == "failed"
    assert ready(session) == []
