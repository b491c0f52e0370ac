"""A decision that never went while it was of use does not vanish: somebody calls, once, and the lead stands among those to call."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent import ledger
from leads.loop.history import apply
from leads.loop.models import Referral
from leads.messages import outlive
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outlive import end_outlived
from leads.messages.switch import open_breaker, pause_sending
from leads.messages.templates import Meta, catalogue
from leads.pipeline.worklist import Filters, count_by_need, first_of_each
from leads.providers.edit import prefer
from leads.providers.models import Provider
from leads.todos.models import Todo
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.referrals.cast import granting, make_referral
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
Advance = Callable[[timedelta], None]


def todos(session: Session) -> list[str]:
    return list(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None)).order_by(Todo.opened_at)))


def decided(session: Session, due: Due, template: str = "not-a-fit", **lead: object) -> Message:
    journey = make_lead(session, make_confirmed_person(session), reached_at=now(), **lead)
    return due(template, person_id=journey.person_id, lead_id=journey.id)


@pytest.mark.parametrize("template", ["not-a-fit", "visit-booked", "visit-moved", "visit-cancelled", "visit-offered"])
def test_what_we_decided_and_never_sent_is_told_by_phone(
    session: Session, due: Due, carrier: SmtpCarrier, tuesday: Advance, template: str
) -> None:
    message = decided(session, due, template)
    tuesday(timedelta(days=10))
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert (message.state, message.reason, todos(session)) == ("expired", "outlived", ["unheard"])
    assert count_by_need(session, Filters()) == {"call-now": 1}


@pytest.mark.parametrize("closed", [False, True])
def test_it_stands_among_those_to_call_though_the_lead_is_closed(
    session: Session, due: Due, carrier: SmtpCarrier, tuesday: Advance, closed: bool
) -> None:
    message = decided(session, due, **({"stage": "closed", "closed_at": now(), "outcome": "not-a-fit"} if closed else {}))
    tuesday(timedelta(days=8))
    drain(LANES, carrier=carrier)
    (row,) = first_of_each(session, Filters(), limit=5)["call-now"]
    assert (row.id, row.todo, row.due) == (message.lead_id, "unheard", now())


def test_while_all_mail_is_stopped_it_is_told_by_phone_all_the_same(session: Session, due: Due, tuesday: Advance) -> None:
    message = decided(session, due)
    waits = due("office-location", person_id=message.person_id, lead_id=message.lead_id)
    waits.useful_until = now() + timedelta(days=30)
    stop = pause_sending(session, reason="A wrong address in every mail.", actor=ACTOR)
    session.flush()
    tuesday(timedelta(days=8))
    assert end_outlived() == 1
    assert end_outlived() == 0
    session.refresh(message)
    session.refresh(waits)
    assert (message.state, message.reason, waits.state, todos(session)) == ("expired", "outlived", "planned", ["unheard"])
    assert stop.ended_at is None


def test_one_that_cannot_be_ended_stops_no_other(session: Session, due: Due, tuesday: Advance, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = decided(session, due), decided(session, due)
    pause_sending(session, reason="A wrong address in every mail.", actor=ACTOR)
    session.flush()
    tuesday(timedelta(days=8))
    judge = outlive.set_aside

    def stumble(each: Any) -> object:
        if each.id == broken.id:
            raise KeyError("a template that is gone")
        return judge(each)

    monkeypatch.setattr(outlive, "set_aside", stumble)
    assert end_outlived() == 2
    session.refresh(broken)
    session.refresh(whole)
    assert [(each.state, each.reason) for each in (broken, whole)] == [("failed", "unsendable"), ("expired", "outlived")]


def test_what_its_lane_may_send_is_left_to_its_turn(session: Session, due: Due, tuesday: Advance) -> None:
    message = decided(session, due)
    tuesday(timedelta(days=8))
    assert end_outlived() == 0
    open_breaker(session, "education", reason="smtp-530")
    session.flush()
    assert (end_outlived(), message.lane) == (0, "transactional")


def test_two_such_of_one_lead_are_one_call(session: Session, due: Due, carrier: SmtpCarrier, tuesday: Advance) -> None:
    first = decided(session, due, "visit-booked")
    due("visit-moved", person_id=first.person_id, lead_id=first.lead_id)
    tuesday(timedelta(days=4))
    drain(LANES, carrier=carrier)
    drain(LANES, carrier=carrier)
    assert todos(session) == ["unheard"]


def test_the_referrer_is_called_with_the_news_that_never_went(session: Session, carrier: SmtpCarrier, tuesday: Advance) -> None:
    kept = make_referral(session, patient=granting("status_to_referrer"), submitted_by=None)
    session.flush()
    tuesday(timedelta(days=8))
    drain(LANES, carrier=carrier)
    called = session.scalars(select(Todo).where(Todo.kind == "unheard-referrer")).one()
    assert (called.lead_id, called.due_at) == (kept.lead_id, now())


@pytest.fixture
def digest(session: Session, tuesday: Advance) -> Sequence[Referral]:
    """Two referrals that changed, whose sender hears of both in one mail tomorrow."""
    first = make_referral(session, patient=granting("status_to_referrer"), submitted_by=None)
    another = granting("status_to_referrer") | {"given_name": "Luis", "email": "luis@example.com", "phone": "203-555-0124"}
    second = make_referral(session, patient=another, submitted_by=None)
    prefer(session, session.get_one(Provider, first.provider_id), "daily", actor=ACTOR)
    second.provider_id = first.provider_id
    for each in (first, second):
        apply(session, each, "decline", actor=ACTOR, details={"reason": "not-indicated"})
    session.execute(update(Message).where(Message.template != "referral-digest").values(state="cancelled"))
    return first, second


def about(session: Session, kind: str) -> set[uuid.UUID | None]:
    return set(session.scalars(select(Todo.lead_id).where(Todo.kind == kind, Todo.done_at.is_(None))))


def test_of_a_digest_that_never_went_each_referrer_is_called_about_each(
    session: Session, digest: Sequence[Referral], carrier: SmtpCarrier, tuesday: Advance
) -> None:
    tuesday(timedelta(days=8))
    drain(LANES, carrier=carrier)
    assert about(session, "unheard-referrer") == {each.lead_id for each in digest}


def test_whoever_can_write_a_message_knows_of_whom_a_digest_tells() -> None:
    asked = "import leads.models; from leads.messages.models import ABOUT; print(*ABOUT)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout.split() == ["referral-digest"]


def test_of_a_digest_that_is_refused_each_referrer_is_phoned_about_each(
    session: Session, digest: Sequence[Referral], carrier: SmtpCarrier, server: ScriptedServer, tuesday: Advance
) -> None:
    server.answer["RCPT"].append("550 5.1.1 no such mailbox")
    tuesday(timedelta(days=1))
    drain(LANES, carrier=carrier)
    assert about(session, "phone-referrer") == {each.lead_id for each in digest}


def test_a_last_try_that_would_come_too_late_is_told_by_phone(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    decided(session, due).useful_until = now() + timedelta(minutes=1)
    session.flush()
    server.answer["DOT"].append("451 4.3.0 later")
    drain(LANES, carrier=carrier)
    assert todos(session) == ["unheard"]


def test_what_would_not_have_gone_in_time_either_asks_for_no_call(
    session: Session, due: Due, carrier: SmtpCarrier, tuesday: Advance
) -> None:
    message = decided(session, due)
    ledger.suppress(session, person_id=message.person_id, reason="unsubscribed", actor="person")
    session.flush()
    tuesday(timedelta(days=8))
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert (message.state, todos(session)) == ("expired", [])


def test_what_a_reader_can_do_without_asks_for_no_call(session: Session, due: Due, carrier: SmtpCarrier, tuesday: Advance) -> None:
    decided(session, due, "how-ketamine-works")
    tuesday(timedelta(days=10))
    drain(LANES, carrier=carrier)
    assert todos(session) == []


def test_every_piece_of_news_to_a_referrer_must_be_heard() -> None:
    other = ("referral-digest", "referral-news", "referral-welcome")
    news = {name for name in catalogue() if name.startswith("referral-") and name not in other}
    assert news <= {name for name, each in catalogue().items() if each.meta.must_be_heard}


def test_our_own_mail_is_nothing_to_be_called_about() -> None:
    told = catalogue()["new-lead"].meta.model_dump()
    with pytest.raises(ValueError, match="must_be_heard"):
        Meta.model_validate(told | {"must_be_heard": True})
