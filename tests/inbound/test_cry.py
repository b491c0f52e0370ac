"""A cry for help from an address nobody knows: somebody is paged, as for every disclosure."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.consent.ledger import open_holds
from leads.inbound import cry
from leads.inbound.mail_models import InboundMail
from leads.messages.models import Message
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.models import Lead
from leads.safety.models import Alarm
from leads.todos.models import Todo
from tests.cast import make_lead, make_person
from tests.inbound.mails import bring, written

US = "care@mail.elmharbor.test"


@pytest.fixture(autouse=True)
def _on_tuesday(tuesday: Callable[[timedelta], None]) -> None:
    """Ten in the morning in New Haven."""


def cried(session: Session, words: str = "I want to die", sender: str = "who@example.com") -> InboundMail:
    return bring(session, written(words, sender=sender, to=US))


def test_a_stranger_in_danger_is_not_left_to_an_inbox(session: Session) -> None:
    row = cried(session)
    assert (row.kind, row.state, row.urgent) == ("reply", "done", True)
    lead = session.get_one(Lead, row.lead_id)
    assert session.scalars(select(Alarm.lead_id)).one() == lead.id
    assert open_holds(session, lead.person_id)


def test_whoever_is_on_call_is_told_by_a_number_only(session: Session) -> None:
    lead = session.get_one(Lead, cried(session).lead_id)
    mails = session.scalars(select(Message)).all()
    assert {(mail.template, mail.person_id) for mail in mails} == {("safety-page", None)}
    assert {(mail.facts or {})["number"] for mail in mails} == {lead.number}


def test_what_they_wrote_is_there_to_be_read_at_once(session: Session) -> None:
    row = cried(session)
    todos = session.execute(select(Todo.kind, Todo.urgent).where(Todo.lead_id == row.lead_id).order_by(Todo.kind)).all()
    assert [tuple(each) for each in todos] == [("read-reply", True), ("safety", True)]
    assert (row.said or {})["own"] == "I want to die"


def test_a_second_cry_joins_the_first(session: Session) -> None:
    first = cried(session)
    assert cried(session, "there is no reason to live").lead_id == first.lead_id
    assert session.scalar(select(func.count()).select_from(Lead)) == 1


def test_those_who_share_the_address_are_not_put_on_hold(session: Session) -> None:
    both = [make_person(session, given_name=name, email="who@example.com", phone=None) for name in ("Ana", "Luis")]
    for person in both:
        make_lead(session, person)
    cried(session)
    assert not any(open_holds(session, person.id) for person in both)
    assert session.scalar(select(func.count()).select_from(MergeSuggestion)) == 2


def test_a_flood_of_such_words_waits_in_the_inbox(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cry, "AN_HOUR", 2)
    rows = [cried(session, sender=f"who{number}@example.com") for number in range(3)]
    assert [row.state for row in rows] == ["done", "done", "unmatched"]
    assert rows[2].urgent


def test_an_ordinary_letter_from_nobody_we_know_makes_no_lead(session: Session) -> None:
    assert cried(session, "What are your hours?").state == "unmatched"
    assert session.scalar(select(func.count()).select_from(Person)) == 0
