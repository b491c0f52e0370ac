"""What silences us: each act is kept, the newest counts, and nothing is deleted."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent import ledger
from leads.consent.models import Confirmation, ConsentEntry, Hold, Suppression
from leads.errors import Invalid, NotFound
from leads.people.models import Person
from tests.cast import ACTOR, BY_FORM, make_person

pytestmark = pytest.mark.usefixtures("tuesday")
INDEX = b"a" * 32


@pytest.fixture
def person(session: Session) -> Person:
    return make_person(session, grants=())


def rows(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_newest_act_of_a_kind_counts_and_all_are_kept(session: Session, person: Person) -> None:
    for act in (ledger.grant, ledger.withdraw, ledger.grant, ledger.withdraw):
        act(session, person.id, "education", BY_FORM, actor=ACTOR)
    ledger.grant(session, person.id, "contact", BY_FORM, actor=ACTOR)
    assert ledger.granted(session, person.id) == {"contact"}
    assert rows(session, ConsentEntry) == 5


def test_a_consent_there_is_not_is_refused_with_those_there_are(session: Session, person: Person) -> None:
    with pytest.raises(Invalid, match="no consent called everything; there are contact, education"):
        ledger.grant(session, person.id, "everything", BY_FORM, actor=ACTOR)


@pytest.mark.parametrize("change", ["UPDATE consents SET act = 'withdraw'", "DELETE FROM consents"])
def test_what_was_agreed_to_can_be_neither_changed_nor_removed(session: Session, person: Person, change: str) -> None:
    ledger.grant(session, person.id, "contact", BY_FORM, actor=ACTOR)
    session.flush()
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text(change))


def test_a_button_pressed_twice_confirms_once(session: Session, person: Person) -> None:
    assert ledger.confirm(session, person.id, INDEX, method="button", actor=ACTOR)
    assert not ledger.confirm(session, person.id, INDEX, method="button", actor=ACTOR)
    assert rows(session, Confirmation) == 1


def test_a_confirmation_is_of_one_address_of_one_person(session: Session, person: Person) -> None:
    ledger.confirm(session, person.id, INDEX, method="button", actor=ACTOR)
    other = make_person(session, email="ben@example.com", phone=None)
    assert ledger.is_confirmed(session, person.id, INDEX)
    assert not ledger.is_confirmed(session, person.id, b"b" * 32)
    assert not ledger.is_confirmed(session, other.id, INDEX)


def test_the_same_stop_twice_is_one(session: Session, person: Person) -> None:
    first = ledger.suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor=ACTOR)
    assert ledger.suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor=ACTOR) is first
    assert rows(session, Suppression) == 1


def test_lifting_ends_the_topic_named_and_no_other(session: Session, person: Person) -> None:
    for topic in ("education", "visits", None):
        ledger.suppress(session, person_id=person.id, topic=topic, reason="unsubscribed", actor=ACTOR)
    assert ledger.lift(session, person_id=person.id, topic="education", actor=ACTOR) == 1
    assert ledger.suppressed_topics(session, person.id) == {"visits", None}


def test_a_person_cannot_lift_what_stopped_their_address(session: Session, person: Person) -> None:
    ledger.suppress(session, person_id=person.id, address_index=INDEX, reason="bounced", actor=ACTOR)
    assert ledger.lift(session, person_id=person.id, topic=None, actor=ACTOR) == 0


def test_two_reasons_are_two_holds_and_one_release_ends_both(session: Session, person: Person) -> None:
    for reason in ("inquiry", "screening"):
        ledger.hold(session, person.id, reason=reason)
    assert [each.reason for each in ledger.open_holds(session, person.id)] == ["inquiry", "screening"]
    assert len(ledger.release(session, person.id, actor=ACTOR, code="no-danger", disposition="Spoke; safe today.")) == 2
    assert ledger.open_holds(session, person.id) == []
    assert rows(session, Hold) == 2


@pytest.mark.parametrize("words", ["", "   \n"])
def test_a_hold_is_not_released_without_a_word(session: Session, person: Person, words: str) -> None:
    ledger.hold(session, person.id, reason="inquiry")
    with pytest.raises(Invalid, match="what was found and agreed"):
        ledger.release(session, person.id, actor=ACTOR, code="no-danger", disposition=words)
    assert ledger.open_holds(session, person.id)


def test_there_must_be_a_hold_to_release(session: Session, person: Person) -> None:
    with pytest.raises(NotFound, match="no hold"):
        ledger.release(session, person.id, actor=ACTOR, code="no-danger", disposition="Nothing found.")


def test_a_newer_rest_replaces_the_older_even_when_it_is_shorter(session: Session, person: Person) -> None:
    for days in (30, 7):
        ledger.pause(session, person.id, now() + timedelta(days=days), reason="asked", actor=ACTOR)
    assert ledger.paused_until(session, person.id) == now() + timedelta(days=7)


def test_a_rest_that_was_ended_is_over(session: Session, person: Person) -> None:
    ledger.pause(session, person.id, now() + timedelta(days=7), reason="asked", actor=ACTOR)
    assert ledger.end_pause(session, person.id, actor=ACTOR) == 1
    assert ledger.paused_until(session, person.id) is None


def test_every_act_is_on_record_with_codes_only(session: Session, person: Person) -> None:
    ledger.grant(session, person.id, "contact", BY_FORM, actor=ACTOR)
    ledger.suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor=ACTOR)
    ledger.hold(session, person.id, reason="inquiry")
    session.flush()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.actor.in_((ACTOR, "system")))).all()
    assert {"consent.grant", "suppression.added", "hold.raised"} <= {entry.action for entry in entries}
    assert "Rivera" not in repr([entry.detail for entry in entries])
