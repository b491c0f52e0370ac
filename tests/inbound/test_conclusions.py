"""What a bounce, a complaint or an opt-out means for the address, for what is still to come, and for a colleague."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.consent.history import own_choices
from leads.consent.ledger import suppressed_topics
from leads.consent.models import ConsentEntry, Suppression
from leads.inbound.events import apply
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.find import open_lead_of
from leads.pipeline.unsubscribe import allow_topic
from leads.sequences.enroll import enroll
from leads.todos.models import Todo
from tests.inbound.conftest import news

Sent = Callable[..., Message]


def todos(session: Session) -> list[str]:
    return list(session.scalars(select(Todo.kind).order_by(Todo.kind)))


def stops(session: Session) -> list[tuple[str, str | None, bool]]:
    rows = session.scalars(select(Suppression)).all()
    return [(row.reason, row.topic, row.address_index is not None) for row in rows]


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"])
def test_an_address_that_does_not_exist_is_silenced_at_once_and_somebody_phones(session: Session, make_sent: Sent, status: str) -> None:
    message = make_sent()
    apply(session, news("bounced", message, status=status))
    assert (message.state, message.reason) == ("bounced", "bad-address")
    assert stops(session) == [("bounced", None, True)]
    assert todos(session) == ["phone-instead"]


@pytest.mark.parametrize(
    ("status", "reason"), [("5.2.2", "mailbox-full"), ("5.7.1", "not-accepted"), ("5.7.26", "not-accepted"), ("5.4.4", None), (None, None)]
)
def test_a_full_mailbox_or_a_refusal_of_ours_silences_nobody(session: Session, make_sent: Sent, status: str, reason: str | None) -> None:
    message = make_sent()
    apply(session, news("bounced", message, status=status))
    assert (message.state, message.reason) == ("bounced", reason)
    assert stops(session) == []


@pytest.mark.parametrize("status", ["5.1.7", "5.1.8", "5.1.9"])
def test_a_fault_of_our_own_address_is_not_laid_at_theirs(session: Session, make_sent: Sent, status: str) -> None:
    apply(session, news("bounced", make_sent(), status=status))
    assert stops(session) == []


def test_a_visit_mail_that_met_a_full_mailbox_is_phoned_and_a_lesson_is_not(session: Session, make_sent: Sent) -> None:
    apply(session, news("bounced", make_sent("how-ketamine-works"), status="5.2.2"))
    assert todos(session) == []
    apply(session, news("bounced", make_sent("visit-tomorrow"), status="5.2.2"))
    assert todos(session) == ["phone-instead"]


def test_a_put_off_mail_is_no_reason_for_anything(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    assert apply(session, news("deferred", message, status="4.2.2")) == "noted"
    assert (message.state, stops(session), todos(session)) == ("sent", [], [])


def test_it_is_the_address_the_mail_went_to_that_is_silenced(session: Session, make_sent: Sent, person: Person) -> None:
    message = make_sent()
    person.email_index = email_index("new@example.com")
    session.flush()
    apply(session, news("bounced", message, status="5.1.1"))
    assert session.scalar(select(Suppression.address_index)) == email_index("ana@example.com")


def test_lessons_end_in_the_same_transaction_when_the_address_is_bad(session: Session, make_sent: Sent, person: Person) -> None:
    lead = open_lead_of(session, person.id)
    assert lead
    how = {"facts": {"office": "woodbury"}, "anchor": now(), "actor": "test"}
    enrolment = enroll(session, "new-inquiry", person_id=person.id, lead_id=lead.id, **how)  # type: ignore[arg-type]
    session.flush()
    apply(session, news("bounced", make_sent(), status="5.1.1"))
    session.refresh(enrolment)
    waiting = select(Message.state).where(Message.enrolment_id == enrolment.id)
    assert enrolment.ended_why == "bounce"
    assert set(session.scalars(waiting)) == {"cancelled"}


def test_a_complaint_ends_all_mail_and_a_colleague_hears_of_it(session: Session, make_sent: Sent, person: Person) -> None:
    message = make_sent()
    apply(session, news("complained", message))
    assert message.state == "complained"
    assert stops(session) == [("complained", None, False)]
    assert todos(session) == ["complained"]


def test_an_opt_out_at_the_provider_stops_the_topic_it_was_sent_for(session: Session, make_sent: Sent) -> None:
    message = make_sent("how-ketamine-works")
    apply(session, news("unsubscribed", message))
    assert stops(session) == [("unsubscribed", "education", False)]
    assert message.state == "delivered"


def test_what_a_provider_told_is_proof_of_the_choice(session: Session, make_sent: Sent, person: Person) -> None:
    message = make_sent("how-ketamine-works")
    told = news("unsubscribed", message)
    for _ in range(2):
        apply(session, told)
    session.flush()
    (stop, withdrawal) = (
        own_choices(session, [person.id])[0],
        session.scalars(select(ConsentEntry).where(ConsentEntry.act == "withdraw")).one(),
    )
    assert (stop.act, stop.what, stop.source, stop.method) == ("stop", "topic:education", "mail-service", "unsubscribed")
    assert stop.evidence == f"ses told of message {message.id}: {told.provider_id}"
    assert (withdrawal.kind, withdrawal.evidence) == ("education", stop.evidence)


def test_a_complaint_is_on_record_as_what_it_was(session: Session, make_sent: Sent, person: Person) -> None:
    apply(session, news("complained", make_sent()))
    session.flush()
    assert next((act.act, act.what, act.method) for act in own_choices(session, [person.id])) == ("stop", "all", "complained")


def test_an_opt_out_that_names_only_the_address_can_be_taken_back_by_its_owner(session: Session, person: Person) -> None:
    assert apply(session, news("unsubscribed", None, address="ana@example.com")) == "suppressed"
    session.flush()
    assert stops(session) == [("unsubscribed", None, False)]
    allow_topic(session, person.id, None)
    assert suppressed_topics(session, person.id) == set()


def test_what_the_carrier_never_sent_has_failed_and_somebody_phones(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    apply(session, news("rejected", message))
    assert (message.state, message.reason) == ("failed", "carrier-refused")
    assert todos(session) == ["phone-instead"]


def test_a_colleagues_spam_button_does_not_cut_them_off_from_pages(session: Session) -> None:
    who = {"email": "kim@example.com", "email_index": email_index("kim@example.com"), "name": "Kim", "created_at": now()}
    account = Account(**who, password_hash="x", roles=["clinician"])
    session.add(account)
    session.flush()
    page = post(session, None, "safety-page", account_id=account.id, cause="test", facts={"number": "L-1", "raised": "now", "step": 1})
    page.state, page.address_index = "sent", account.email_index
    session.add(DeliveryAttempt(message_id=page.id, fence=1, carrier="ses", at=now()))
    session.flush()
    assert apply(session, news("complained", page)) == "complained"
    assert stops(session) == []


def test_a_bounce_that_names_only_the_address_silences_it(session: Session, person: Person) -> None:
    told = news("bounced", None, address="Ana@Example.com", status="5.1.1")
    assert apply(session, told) == "suppressed"
    assert stops(session) == [("bounced", None, True)]
    assert todos(session) == ["phone-instead"]


def test_an_address_that_nobody_here_has_is_not_kept(session: Session, person: Person) -> None:
    assert apply(session, news("complained", None, address="stranger@example.com")) == "nobody"
    assert stops(session) == []
