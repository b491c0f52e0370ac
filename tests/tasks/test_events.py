"""The clock applies what carriers told; one event that cannot be applied keeps no other waiting."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.inbound.events import GIVE_UP_AFTER, RAW_IS_KEPT, forget_raw, keep
from leads.inbound.models import KeptEvent, Notice
from leads.messages.carriers.trust import FORGET_AFTER, SpentToken, forget_spent, spend
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from tests.cast import make_confirmed_person
from tests.inbound.conftest import news

Advance = Callable[[timedelta], None]


def make_sent(session: Session, *, state: str = "sent") -> Message:
    person = make_confirmed_person(session)
    message = post(session, person.id, "visit-tomorrow", cause="test", facts={"office": "woodbury"})
    message.state, message.address_index = state, person.email_index
    session.flush()
    session.add(DeliveryAttempt(message_id=message.id, fence=1, carrier="ses", at=now()))
    return message


def states() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Message.state).order_by(Message.id)))


@pytest.mark.committed
def test_what_was_kept_is_applied_and_what_is_too_early_waits(database: None, redis_url: str, tuesday: Advance) -> None:
    from tasks.events import apply_events

    with transaction() as session:
        gone, going = make_sent(session), make_sent(session, state="sending")
        keep(session, "ses", [news("delivered", gone), news("delivered", going)], b"{}")
    apply_events()
    assert states() == ["delivered", "sending"]
    with transaction() as session:
        session.get_one(Message, going.id).state = "sent"
    tuesday(timedelta(minutes=1))
    apply_events()
    assert states() == ["delivered", "delivered"]


@pytest.mark.committed
def test_an_event_that_cannot_be_applied_keeps_no_other_waiting(database: None, redis_url: str, tuesday: Advance) -> None:
    from tasks.events import apply_events

    with transaction() as session:
        keep(session, "ses", [news("bounced", make_sent(session), address="ana@example.com")], b"{}")
        session.flush()
        session.execute(text("UPDATE mail_events SET address = 'x'"))
        tuesday(timedelta(seconds=1))
        keep(session, "ses", [news("delivered", make_sent(session))], b"{}")
    apply_events()
    assert states() == ["sent", "delivered"]
    tuesday(GIVE_UP_AFTER + timedelta(hours=1))
    apply_events()
    with transaction() as session:
        assert session.scalars(select(KeptEvent.outcome).order_by(KeptEvent.id)).all() == ["failed", "delivered"]


def test_what_carriers_sent_word_for_word_is_forgotten_in_time(session: Session, tuesday: Advance) -> None:
    keep(session, "ses", [news("delivered", make_sent(session))], b'{"to": "ana@example.com"}')
    tuesday(RAW_IS_KEPT + timedelta(days=1))
    keep(session, "ses", [news("delivered", make_sent(session))], b"new")
    forget_raw(session)
    session.expire_all()
    assert [notice.raw for notice in session.scalars(select(Notice).order_by(Notice.id))] == [None, "new"]
    assert len(session.scalars(select(KeptEvent)).all()) == 2


def test_a_spent_token_is_forgotten_once_its_signature_would_not_be_believed(session: Session) -> None:
    assert spend(session, "token", "event")
    forget_spent(session)
    assert not spend(session, "token", "another")
    session.execute(text("UPDATE spent_tokens SET spent_at = spent_at - :age"), {"age": FORGET_AFTER + timedelta(hours=1)})
    forget_spent(session)
    assert session.scalars(select(SpentToken)).all() == []
