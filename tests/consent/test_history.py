"""What was agreed to and chosen is one story, and what it shows to whoever holds a link is only their own words about our mails."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent import ledger
from leads.consent.history import history, own_choices
from leads.consent.ledger import NOT_SAFE, Spoken
from leads.people.match import email_index
from leads.people.models import Person
from tests.cast import ACTOR, BY_FORM, make_person
from tests.referrals.cast import make_referral

Advance = Callable[[timedelta], None]
BY_PAGE = Spoken(source="preferences", method="page", wording="2026-11", evidence="Link 1")


@pytest.fixture
def person(session: Session) -> Person:
    return make_person(session, grants=())


def told(session: Session, person: Person) -> list[tuple[str, str]]:
    session.flush()
    return [(act.act, act.what) for act in own_choices(session, [person.id])]


def test_acts_of_every_kind_stand_in_the_order_they_happened(session: Session, person: Person, tuesday: Advance) -> None:
    ledger.grant(session, person.id, "contact", BY_FORM, actor=ACTOR)
    ledger.suppress(session, person_id=person.id, topic="visits", reason="unsubscribed", actor=ACTOR, how=BY_PAGE)
    tuesday(timedelta(hours=1))
    ledger.pause(session, person.id, now() + timedelta(days=3), reason="asked", actor=ACTOR, how=BY_PAGE)
    ledger.lift(session, person_id=person.id, topic="visits", actor=ACTOR, how=BY_PAGE)
    ledger.end_pause(session, person.id, actor=ACTOR, how=BY_PAGE)
    acts = [("resume", "pause"), ("allow", "topic:visits"), ("rest", "pause"), ("stop", "topic:visits"), ("grant", "contact")]
    assert told(session, person) == acts


def test_an_act_carries_its_proof(session: Session, person: Person) -> None:
    ledger.suppress(session, person_id=person.id, reason="unsubscribed", actor=ACTOR, how=BY_PAGE)
    session.flush()
    (act,) = history(session, [person.id])
    assert (act.source, act.method, act.wording, act.evidence, act.actor) == ("preferences", "page", "2026-11", "Link 1", ACTOR)


@pytest.mark.parametrize("change", ["UPDATE choices SET act = 'allow'", "DELETE FROM choices"])
def test_what_was_chosen_can_be_neither_changed_nor_removed(session: Session, person: Person, change: str) -> None:
    ledger.suppress(session, person_id=person.id, reason="unsubscribed", actor=ACTOR, how=BY_PAGE)
    session.flush()
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(text(change))


def test_a_stop_that_holds_already_leaves_no_second_act(session: Session, person: Person) -> None:
    for _ in range(2):
        ledger.suppress(session, person_id=person.id, topic="visits", reason="unsubscribed", actor=ACTOR, how=BY_PAGE)
        session.flush()
    assert told(session, person) == [("stop", "topic:visits")]


def test_a_break_in_place_of_another_is_one_act(session: Session, person: Person) -> None:
    for days in (7, 3):
        ledger.pause(session, person.id, now() + timedelta(days=days), reason="asked", actor=ACTOR, how=BY_PAGE)
        session.flush()
    assert told(session, person) == [("rest", "pause"), ("rest", "pause")]


def test_whoever_reads_an_unsafe_mailbox_does_not_learn_that_it_was_said(session: Session, person: Person) -> None:
    how = {"reason": NOT_SAFE, "actor": f"person:{person.id}", "address_index": email_index("ana@example.com")}
    ledger.suppress(session, person_id=person.id, **how)  # type: ignore[arg-type]
    session.flush()
    ledger.lift_not_safe(session, person.id, actor=ACTOR, evidence="Spoke with her.")
    session.flush()
    assert len(history(session, [person.id])) == 2
    assert told(session, person) == []


def test_the_link_does_not_tell_that_somebody_was_referred(session: Session) -> None:
    referral = make_referral(session)
    how = Spoken("spoken", "spoken", referral_id=referral.id)
    ledger.grant(session, referral.person_id, "status_to_referrer", how, actor=ACTOR)
    session.flush()
    assert {act.source for act in own_choices(session, [referral.person_id])} <= {"confirmation"}


def test_what_we_concluded_is_not_told_as_their_wish(session: Session, person: Person) -> None:
    ledger.pause(session, person.id, now() + timedelta(days=7), reason="reply", actor=f"person:{person.id}")
    assert told(session, person) == []


def test_a_consent_taken_back_with_its_topic_is_told_once(session: Session, person: Person, tuesday: Advance) -> None:
    ledger.suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor=ACTOR, how=BY_PAGE)
    ledger.withdraw(session, person.id, "education", BY_PAGE, actor=ACTOR)
    assert told(session, person) == [("stop", "topic:education")]
