"""A person answers: their sequences rest, somebody reads it, and only what proves something is taken as proof."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import is_confirmed, open_holds, paused_until, suppress, suppressed_topics
from leads.consent.models import Confirmation, ConsentEntry
from leads.inbound.own_words import ours_in
from leads.inbound.take_in import take_in
from leads.messages.addresses import reply_address, return_path
from leads.messages.models import Message
from leads.people.models import Person
from leads.sequences.answer import QUIET
from leads.sequences.models import Enrolment, Reply
from leads.todos.models import Todo
from tests.cast import make_lead, make_person
from tests.inbound.mails import arrived, bring, received, written

Sent = Callable[..., Message]


@pytest.fixture(autouse=True)
def _on_tuesday(tuesday: Callable[[timedelta], None]) -> None:
    """Ten in the morning in New Haven."""


@pytest.fixture
def stranger(session: Session) -> Person:
    """Somebody whose address nobody has proved yet, with a lead."""
    person = make_person(session)
    make_lead(session, person)
    return person


def open_todos(session: Session) -> list[str]:
    return list(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None)).order_by(Todo.kind)))


@pytest.mark.parametrize("name", ["reply-gmail", "reply-outlook", "reply-iphone-spanish"])
def test_a_sequence_does_not_go_on_over_an_answer(session: Session, make_sent: Sent, name: str) -> None:
    message = make_sent()
    row = bring(session, received(name, message))
    assert (row.kind, row.state, row.person_id) == ("reply", "done", message.person_id)
    assert paused_until(session, message.person_id or row.id) == now() + QUIET
    assert open_todos(session) == ["read-reply"]


def test_an_answer_counts_for_the_mail_it_answers(session: Session, make_sent: Sent) -> None:
    older = make_sent()
    make_sent()
    bring(session, received("reply-gmail", older))
    assert session.scalars(select(Reply.message_id)).one() == older.id


def test_a_server_that_rewrote_the_headers_costs_no_answer(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    row = bring(session, written("Call me.", to=reply_address(message.id), In_Reply_To="<rewritten@gateway.example>"))
    assert row.message_id == message.id


def test_without_the_token_the_thread_tells_whose_it_is(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    row = bring(session, received("reply-gmail", message), to="care@mail.elmharbor.test")
    assert (row.kind, row.message_id) == ("reply", message.id)


def test_without_either_the_sender_does_where_it_is_one_person(session: Session, person: Person) -> None:
    row = bring(session, written("Call me.", to="care@mail.elmharbor.test"))
    assert (row.kind, row.person_id) == ("reply", person.id)


def test_a_couple_that_shares_an_address_is_told_apart_by_a_colleague(session: Session, person: Person) -> None:
    make_lead(session, make_person(session, given_name="Leo"))
    row = bring(session, written("Call me.", to="care@mail.elmharbor.test"))
    assert (row.state, row.reason) == ("unmatched", "unknown-sender")


def test_what_they_wrote_is_kept_without_our_own_words(session: Session, make_sent: Sent) -> None:
    row = bring(session, received("reply-gmail", make_sent()))
    assert (row.said or {})["own"] == "Thank you! Could somebody call me on Thursday afternoon?"


def test_an_answer_proves_the_address_and_the_sequence_begins(session: Session, stranger: Person, make_sent: Sent) -> None:
    message = make_sent(person_id=stranger.id)
    message.address_index = stranger.email_index
    bring(session, received("reply-gmail", message))
    assert session.scalars(select(Confirmation.method).where(Confirmation.person_id == stranger.id)).one() == "reply"
    assert session.scalars(select(Enrolment.sequence_key)).all() == ["new-inquiry"]


@pytest.mark.parametrize(
    "how",
    [
        {"From: Ana Rivera <ana@example.com>": "From: Leo <leo@example.com>"},
        {"Subject: Re:": "Auto-Submitted: auto-replied\nSubject: Re:"},
        {"Subject: Re:": "Precedence: bulk\nSubject: Re:"},
        {"Thank you! Could": "Wrong person, I never contacted you. Could"},
    ],
    ids=["from another address", "by a machine", "perhaps by a machine", "it was not them"],
)
def test_what_proves_nothing_confirms_nothing(session: Session, stranger: Person, make_sent: Sent, how: dict[str, str]) -> None:
    message = make_sent(person_id=stranger.id)
    message.address_index = stranger.email_index
    bring(session, received("reply-gmail", message, **how))
    assert not is_confirmed(session, stranger.id, stranger.email_index)


def test_a_forged_sender_confirms_nothing(session: Session, stranger: Person) -> None:
    bring(session, written("Yes, that is me.", to="care@mail.elmharbor.test"))
    assert not is_confirmed(session, stranger.id, stranger.email_index)


@pytest.mark.parametrize("word", ["STOP", "unsubscribe", "Baja.", "Stop\n\n-- \nAna Rivera", "stop\n\nSent from my iPhone"])
def test_stop_means_stop_with_its_proof_in_the_ledger(session: Session, make_sent: Sent, word: str) -> None:
    message = make_sent()
    row = bring(session, written(word, to=reply_address(message.id)))
    assert row.kind == "opt-out"
    assert suppressed_topics(session, message.person_id or row.id) == {None}
    proof = session.scalars(select(ConsentEntry).where(ConsentEntry.act == "withdraw")).one()
    assert str(row.id) in (proof.evidence or "")


@pytest.mark.parametrize("words", ["Please don't stop writing", "When does the medicine stop working?", "No me den de baja"])
def test_the_word_among_others_is_read_by_a_person(session: Session, make_sent: Sent, words: str) -> None:
    message = make_sent()
    bring(session, written(words, to=reply_address(message.id)))
    assert suppressed_topics(session, message.person_id or message.id) == set()


def test_nobody_silences_another_with_a_forged_sender(session: Session, person: Person) -> None:
    bring(session, written("STOP", to="care@mail.elmharbor.test"))
    assert suppressed_topics(session, person.id) == set()
    assert open_todos(session) == ["read-reply"]


@pytest.mark.parametrize(
    "words", ["I want to die.", "> I want to die", "On Tue, Oct 6 Elm Harbor wrote:\n> How are you?\nI want to die.\n> Bye"]
)
def test_a_disclosure_in_an_answer_reaches_a_clinician(session: Session, make_sent: Sent, words: str) -> None:
    message = make_sent()
    bring(session, written(words, to=reply_address(message.id)))
    assert open_holds(session, message.person_id or message.id)
    assert "safety" in open_todos(session)


@pytest.mark.parametrize("name", ["reply-gmail", "reply-outlook", "reply-iphone-spanish"])
def test_our_own_crisis_text_quoted_back_is_no_disclosure(session: Session, make_sent: Sent, name: str) -> None:
    message = make_sent()
    ours = "\n".join(ours_in(session, [message.id]))
    row = bring(session, received(name, message, quoted=ours))
    assert "suicid" in (row.said or {})["text"]
    assert not open_holds(session, message.person_id or message.id)


def test_a_disclosure_between_our_quoted_lines_is_heard(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    crisis = clinic().crisis_text["en"]
    bring(session, received("reply-outlook", message, quoted=f"{crisis}\nI want to die\n{crisis}"))
    assert open_holds(session, message.person_id or message.id)


def test_the_same_answer_twice_is_one(session: Session, make_sent: Sent) -> None:
    raw = received("reply-gmail", make_sent())
    bring(session, raw)
    assert take_in(session, arrived(raw)) is None
    assert len(session.scalars(select(Reply)).all()) == 1


def test_a_machine_that_looks_like_a_list_may_still_be_a_person(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    row = bring(session, written("Call me.", to=reply_address(message.id), Precedence="bulk"))
    assert row.kind == "reply"


def test_our_own_mail_that_comes_back_is_let_go(session: Session, make_sent: Sent) -> None:
    raw = f"From: care@mail.elmharbor.test\r\nMessage-ID: <{make_sent().id.hex}@mail.elmharbor.test>\r\n\r\nHello\r\n".encode()
    row = bring(session, raw, to="care@mail.elmharbor.test", sender="x@example.com")
    assert (row.state, row.reason) == ("ignored", "our-own-mail")


def test_a_mail_that_goes_in_circles_is_let_go(session: Session) -> None:
    raw = b"Received: from a by b; Tue, 06 Oct 2026 10:00:00 -0400\r\n" * 101 + b"From: ana@example.com\r\n\r\nHello\r\n"
    assert bring(session, raw, to="care@mail.elmharbor.test", sender="ana@example.com").reason == "too-many-hops"


def test_not_safe_to_write_stays_so(session: Session, person: Person, make_sent: Sent) -> None:
    suppress(session, person_id=person.id, address_index=person.email_index, reason="not-safe", actor="system")
    bring(session, received("reply-gmail", make_sent()))
    assert open_todos(session) == ["read-reply"]


def test_an_answer_to_the_return_path_is_an_answer(session: Session, make_sent: Sent) -> None:
    message = make_sent()
    how: dict[str, Any] = {"to": return_path(message.id)}
    assert bring(session, written("Call me.", **how)).kind == "reply"
