"""What becomes of a message when its carrier tells what became of the mail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.db import new_id
from leads.inbound.events import GIVE_UP_AFTER, apply, apply_kept, keep, ready
from leads.inbound.models import KeptEvent
from leads.messages.models import Message
from leads.pipeline.find import open_lead_of
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.inbound.conftest import news

Sent = Callable[..., Message]
Advance = Callable[[timedelta], None]


def test_what_was_delivered_says_so(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    assert apply(session, news("delivered", message)) == "delivered"
    assert message.state == "delivered"


@pytest.mark.parametrize("order", list(permutations(["delivered", "bounced", "complained"])))
def test_events_that_overtake_each_other_end_the_same(session: Session, make_sent: Sent, order: tuple[str, ...]) -> None:
    message = make_sent()
    for kind in order:
        apply(session, news(kind, message))
    assert message.state == "complained"


def test_an_event_told_a_hundred_times_is_one(session: Session, make_sent: Sent) -> None:
    told = news("bounced", make_sent(), status="5.1.1")
    outcomes = {apply(session, told) for _ in range(100)}
    assert outcomes == {"bounced"}
    assert session.scalar(select(func.count()).select_from(Todo)) == 1
    assert session.scalar(select(func.count()).where(AuditEntry.action == "message.bounced")) == 1


@pytest.mark.parametrize(
    ("kind", "state"), [("delivered", "delivered"), ("deferred", "sent"), ("bounced", "bounced"), ("rejected", "failed")]
)
def test_news_settles_what_nobody_knew(session: Session, make_sent: Sent, kind: str, state: str) -> None:
    message = make_sent(state="unknown")
    apply(session, news(kind, message))
    assert message.state == state
    assert message.sent_at is not None


def test_a_colleague_asked_about_it_need_not_look_any_more(session: Session, make_sent: Sent) -> None:
    message = make_sent(state="unknown")
    assert message.person_id
    lead = open_lead_of(session, message.person_id)
    assert lead
    message.lead_id = lead.id
    todo = open_todo(session, "settle-unknown", person_id=lead.person_id, lead_id=lead.id, due_at=message.due_at)
    session.flush()
    apply(session, news("delivered", message))
    assert todo.outcome == "delivered"


def test_news_of_a_mail_on_its_way_waits_for_our_own_commit(session: Session, make_sent: Sent, tuesday: Advance) -> None:
    message = make_sent(state="sending")
    told = news("delivered", message)
    assert apply(session, told) == "waiting"
    assert message.state == "sending"
    message.state = "sent"
    session.flush()
    tuesday(timedelta(minutes=1))
    (row_id,) = ready(session)
    assert apply_kept(session, row_id) == "delivered"
    assert ready(session) == []


def test_a_mail_planned_once_more_is_not_sent_again_when_the_first_arrived(session: Session, make_sent: Sent) -> None:
    message = make_sent(state="planned")
    apply(session, news("delivered", message))
    assert message.state == "delivered"


def test_a_first_copy_that_came_back_leaves_the_next_try_alone(session: Session, make_sent: Sent) -> None:
    message = make_sent(state="planned")
    assert apply(session, news("bounced", message, status="5.2.2")) == "noted"
    assert message.state == "planned"


def test_news_of_a_mail_that_never_went_out_changes_nothing(session: Session, make_sent: Sent) -> None:
    message = make_sent(state="planned", went=False)
    assert apply(session, news("complained", message)) == "never-sent"
    assert message.state == "planned"


def test_news_of_another_systems_mail_is_let_go_in_the_end(session: Session, make_sent: Sent, tuesday: Advance) -> None:
    told = replace(news("delivered", make_sent()), message_id=new_id())
    assert apply(session, told) == "waiting"
    tuesday(GIVE_UP_AFTER + timedelta(hours=1))
    (row_id,) = ready(session)
    assert apply_kept(session, row_id) == "no-such-message"


def test_a_notification_is_kept_as_it_came_and_its_events_once(session: Session, make_sent: Sent) -> None:
    told = [news("delivered", make_sent(), address="ana@example.com"), news("bounced", make_sent())]
    assert keep(session, "ses", told, b'{"whole": "\xff"}') == 2
    assert keep(session, "ses", told, b"again") == 0
    assert session.scalar(select(func.count()).select_from(KeptEvent)) == 2
