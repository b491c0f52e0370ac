"""An inquiry arrives: everything is kept, nobody is lost, nobody's mailbox is bombed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from leads import db
from leads.audit.models import AuditEntry
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import Spoken, granted, lift_not_safe, open_holds, withdraw
from leads.consent.may_email import Kind, may_email
from leads.db import Base
from leads.errors import Conflict, Invalid, TooMany
from leads.inquiries.models import Inquiry, QuarantinedInquiry
from leads.inquiries.receive import Arrival, discard, let_in, quarantine, receive
from leads.messages.models import Message
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead, StageChange
from leads.pipeline.stages import move
from leads.sequences.models import Enrolment
from leads.todos.models import Todo
from tests.cast import ACTOR, make_confirmed_person, make_person, raw_submission, submission

PAGE = Arrival("page")


def count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_person_lead_inquiry_consent_stage_and_audit_are_kept_together(session: Session) -> None:
    receipt = receive(session, submission(), PAGE)
    assert [count(session, table) for table in (Person, Lead, Inquiry, StageChange)] == [1, 1, 1, 1]
    person = session.scalars(select(Person)).one()
    assert granted(session, person.id) == {"contact", "education", "unencrypted_email"}
    assert receipt.number.startswith("L-")
    assert "inquiry.received" in session.scalars(select(AuditEntry.action)).all()


def test_the_submission_is_kept_as_it_came(session: Session) -> None:
    receive(session, submission(campaign={"source": "search"}), PAGE)
    inquiry = session.scalars(select(Inquiry)).one()
    assert inquiry.received
    assert inquiry.received["message"] == "I would like to know more."
    assert inquiry.campaign == {"source": "search", "medium": None, "name": None}


def test_the_promise_ends_with_the_next_open_day(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    receipt = receive(session, submission(office="woodbury"), PAGE)
    assert receipt.expected_by.isoformat() == "2026-10-07T18:00:00-04:00"
    assert session.scalars(select(Todo.due_at).where(Todo.kind == "call")).one() == receipt.expected_by


def test_the_only_mail_to_an_unconfirmed_address_is_the_acknowledgement(session: Session) -> None:
    receive(session, submission(), PAGE)
    assert session.scalars(select(Message.template)).all() == ["inquiry-received"]
    assert count(session, Enrolment) == 0


def test_nobody_without_an_address_is_mailed(session: Session) -> None:
    receive(session, submission(email=None), PAGE)
    assert count(session, Message) == 0
    assert session.scalars(select(Todo.kind)).all() == ["call"]


def test_a_second_inquiry_joins_the_open_lead(session: Session) -> None:
    first = receive(session, submission(), PAGE)
    second = receive(session, submission(message="One more question."), PAGE)
    assert by_number(session, second.number) is by_number(session, first.number)
    assert [count(session, table) for table in (Person, Lead, Inquiry)] == [1, 1, 2]


def test_the_number_does_not_tell_that_the_person_is_known(session: Session) -> None:
    first = receive(session, submission(), PAGE)
    second = receive(session, submission(), PAGE)
    stranger = receive(session, submission(given_name="Luis", email="luis@example.com", phone=None), PAGE)
    numbers = [int(each.number.removeprefix("L-")) for each in (first, second, stranger)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


def test_a_form_does_not_take_back_somebodys_own_no(session: Session) -> None:
    receive(session, submission(), PAGE)
    person = session.scalars(select(Person)).one()
    withdraw(session, person.id, "education", Spoken("preferences", "page"), actor=f"person:{person.id}")
    session.flush()
    receive(session, submission(), PAGE)
    assert "education" not in granted(session, person.id)
    assert "contact" in granted(session, person.id)


def test_a_cry_for_help_is_kept_when_its_place_has_sent_too_often(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic().limits.__dict__, "submissions_per_hour_per_source", 1)
    here = Arrival("page", source=b"library")
    receive(session, submission(), here)
    with pytest.raises(TooMany):
        receive(session, submission(email="b@example.com"), here)
    assert receive(session, submission(email="c@example.com", message="I want to end my life"), here).disclosed
    assert "safety" in session.scalars(select(Todo.kind)).all()


def test_what_was_said_to_be_unsafe_is_safe_again_after_speaking(session: Session) -> None:
    receive(session, submission(safe_email=False), PAGE)
    person = session.scalars(select(Person)).one()
    with pytest.raises(Invalid):
        lift_not_safe(session, person.id, actor=ACTOR, evidence=" ")
    assert lift_not_safe(session, person.id, actor=ACTOR, evidence="Spoke with her on her own phone.") == 1
    kind = Kind("inquiry", "transactional", 0, answers=True)
    assert may_email(session, person.id, person.email_index, kind) is None


def test_a_new_persons_inquiry_stays_within_ten_questions(session: Session) -> None:
    # Each one waits for an answer; with twenty of them a clinic's site waited a second on a busy evening.
    asked: list[str] = []
    receive(session, submission(), PAGE)
    listen = lambda *told: asked.append(told[2])  # noqa: E731
    event.listen(db.engine(), "before_cursor_execute", listen)
    try:
        receive(session, submission(given_name="Luis", email="luis@example.com", phone="203-555-0177"), PAGE)
    finally:
        event.remove(db.engine(), "before_cursor_execute", listen)
    assert len(asked) <= 10


def test_after_closing_a_second_inquiry_opens_a_new_lead(session: Session) -> None:
    receive(session, submission(), PAGE)
    lead = session.scalars(select(Lead)).one()
    move(session, lead.id, "closed", version=1, actor=ACTOR, roles=("coordinator",), outcome="cannot-reach")
    receive(session, submission(), PAGE)
    assert [count(session, table) for table in (Person, Lead)] == [1, 2]


def test_nothing_typed_is_added_to_a_person_we_know(session: Session) -> None:
    ana = make_person(session)
    receive(session, submission(email="other@example.com"), PAGE)
    session.refresh(ana)
    assert ana.email == "ana@example.com"
    assert session.execute(select(Message.state, Message.reason)).one() == ("skipped", "other-address")


def test_a_shared_phone_suggests_a_merge_and_drops_nobody(session: Session) -> None:
    make_person(session, given_name="Luis", email="luis@example.com", birth_date="1980-01-01")
    receive(session, submission(), PAGE)
    assert count(session, Person) == 2
    assert session.scalars(select(MergeSuggestion.why)).one() == "phone"


def test_a_known_and_confirmed_address_starts_the_sequence_at_once(session: Session) -> None:
    make_confirmed_person(session)
    receive(session, submission(), PAGE)
    assert session.scalars(select(Enrolment.sequence_key)).one() == "new-inquiry"


def test_an_unsafe_address_gets_no_mail(session: Session) -> None:
    receive(session, submission(safe_email=False), PAGE)
    person = session.scalars(select(Person)).one()
    kind = Kind("inquiry", "transactional", 0, answers=True)
    assert may_email(session, person.id, person.email_index, kind) == "suppressed-address"


@pytest.mark.parametrize("words", ["I want to die.", "I don’t want to live any more", "Ya NO  QUIERO vivir", "I am not suicidal"])
def test_a_disclosure_holds_the_person_and_calls_a_clinician(session: Session, words: str) -> None:
    receipt = receive(session, submission(message=words), PAGE)
    person = session.scalars(select(Person)).one()
    assert receipt.disclosed
    assert open_holds(session, person.id)
    urgent = session.scalars(select(Todo).where(Todo.kind == "safety")).one()
    assert (urgent.urgent, urgent.role) == (True, "clinician")


def test_after_a_disclosure_no_automatic_mail_is_planned(session: Session) -> None:
    make_confirmed_person(session)
    receive(session, submission(), PAGE)
    receive(session, submission(message="I want to end it all."), PAGE)
    assert not session.scalars(select(Message).where(Message.state == "planned", Message.person_id.is_not(None))).all()


def test_a_strangers_mailbox_cannot_be_bombed(session: Session) -> None:
    for number in range(4):
        receive(session, submission(given_name=f"Bot{number}", phone=None, birth_date=None), PAGE)
    assert session.scalars(select(Message.state).order_by(Message.id)).all() == ["planned", "planned", "skipped", "skipped"]
    assert count(session, Inquiry) == 4


def test_one_source_that_sends_too_often_is_told_when_to_come_back(session: Session) -> None:
    arrival = Arrival("page", source=b"somewhere")
    for number in range(20):
        receive(session, submission(email=f"person{number}@example.com"), arrival)
    with pytest.raises(TooMany) as refusal:
        receive(session, submission(email="last@example.com"), arrival)
    assert 0 < refusal.value.retry_after <= 3600


def test_quarantine_keeps_and_mails_nobody(session: Session) -> None:
    quarantine(session, raw_submission(), channel="page", why="honeypot")
    assert count(session, QuarantinedInquiry) == 1
    assert [count(session, table) for table in (Person, Message)] == [0, 0]


def test_what_was_quarantined_can_be_let_in_once(session: Session) -> None:
    kept = quarantine(session, raw_submission(), channel="page", why="too-fast")
    receipt = let_in(session, kept.id, actor=ACTOR)
    assert session.scalars(select(Lead)).one().number == receipt.number
    with pytest.raises(Conflict):
        let_in(session, kept.id, actor=ACTOR)


def test_what_cannot_be_let_in_stays_and_says_why(session: Session) -> None:
    kept = quarantine(session, raw_submission(email="nonsense"), channel="page", why="honeypot")
    with pytest.raises(Invalid, match="email"):
        let_in(session, kept.id, actor=ACTOR)
    assert kept.decided_at is None


def test_what_is_discarded_stays_on_record(session: Session) -> None:
    kept = quarantine(session, raw_submission(), channel="page", why="honeypot")
    discard(session, kept.id, actor=ACTOR)
    assert (kept.decision, kept.decided_by) == ("discarded", ACTOR)
    assert kept.decided_at
    assert kept.decided_at <= now()
