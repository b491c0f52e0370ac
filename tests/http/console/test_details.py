"""Details are corrected on the person's word: found by the new ones, nothing overwritten, and a new address begins as any new one does."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.restrict import restrict
from leads.audit.models import AuditEntry
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import NOT_SAFE, granted, hold, is_confirmed, suppress
from leads.consent.may_email import Kind, may_email
from leads.consent.models import ConsentEntry
from leads.messages.due import JUST_CLAIMED, Due
from leads.messages.guards import objection
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.preview import preview
from leads.people.match import email_index, phone_index
from leads.people.models import MergeSuggestion, Person
from leads.people.search import by_name
from leads.pipeline.models import Lead, Note
from leads.sequences.models import Enrolment
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.accounts.cast import make_account
from tests.cast import ACTOR, make_lead, make_person
from tests.http.console.conftest import Browser, hidden_fields

NEW, WHO = "ana.rivera@example.com", "Ana herself, on the phone"
FIELDS = ("given_name", "family_name", "phone", "email", "birth_date", "language", "safe_voicemail", "office", "interest")
SAYS_YES = {"agrees.contact": "yes", "agrees.education": "yes", "agrees.unencrypted_email": "yes", "safe_email": "yes"}


def at(lead: Lead) -> str:
    return f"/console/leads/{lead.number}/details"


def fields_of(page: str) -> dict[str, str]:
    """What stands in the form, as a browser would send it."""
    was = {name: hidden_fields(page, f"was.{name}") for name in FIELDS}
    hidden = {name: hidden_fields(page, name)[0] for name in ("csrf", "version", "read_at", "form")}
    return hidden | {f"was.{name}": found[0] for name, found in was.items()} | {name: found[0] for name, found in was.items()}


def inputs(page: str) -> dict[str, str]:
    """The values of the fields of text."""
    return dict(re.findall(r'<input id="(\w+)" name="\w+" type="\w+" maxlength="\d+" autocomplete="off" value="([^"]*)"', page))


@pytest.fixture
def correct(coordinator: Browser, lead: Lead) -> Callable[..., Any]:
    """Correct something of Ana's, on the page as it stands or as it was read."""

    def send(page: str = "", **changes: str) -> Any:
        typed = fields_of(page or coordinator.get(at(lead)).text) | {"said_by": WHO} | SAYS_YES | changes
        return coordinator.post(at(lead), data=typed, follow_redirects=False)

    return send


@pytest.fixture
def person(session: Session, lead: Lead) -> Person:
    return session.get_one(Person, lead.person_id)


def again(session: Session, person: Person) -> Person:
    session.expire_all()
    return session.get_one(Person, person.id)


def test_every_detail_is_corrected_and_the_timeline_says_which_and_by_whom(
    coordinator: Browser, session: Session, lead: Lead, person: Person, correct: Callable[..., Any]
) -> None:
    new = {"given_name": "Anna", "family_name": "Ribeira", "phone": "203-555-0177", "birth_date": "1986-01-02", "language": "es"}
    answer = correct(**new, email=NEW, office="new-haven", interest="iv", safe_voicemail="no")
    assert answer.headers["location"] == f"/console/leads/{lead.number}?said=corrected-asks"
    person, lead = again(session, person), session.get_one(Lead, lead.id)
    assert (person.full_name, person.phone, person.email, person.birth_date) == ("Anna Ribeira", "+12035550177", NEW, "1986-01-02")
    assert (person.language, person.safe_voicemail, lead.office, lead.interest) == ("es", False, "new-haven", "iv")
    page = coordinator.get(f"/console/leads/{lead.number}").text
    assert "Given name, family name, phone, e-mail, birth date, language, voicemail, office, interest" in page
    assert "Details corrected" in page
    assert WHO in page


def test_they_are_found_by_the_new_ones(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    correct(family_name="Ribeira", email="ANA.Rivera@Example.com", phone="(203) 555-0177")
    person = again(session, person)
    assert person.email_index == email_index(NEW)
    assert person.phone_index == phone_index("+12035550177")
    assert [each.id for each in by_name(session, "ribei").people] == [person.id]
    assert not by_name(session, "rivera").people


def test_the_audit_trail_names_fields_and_never_values(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    correct(email=NEW, given_name="Anna")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.corrected")).one()
    assert (entry.subject_id, entry.detail["fields"]) == (person.id, ["given_name", "email"])
    written = session.scalars(select(AuditEntry.detail)).all()
    assert not any(value in str(detail) for detail in written for value in (NEW, "Anna", WHO))


def test_a_new_address_is_unconfirmed_and_gets_nothing(session: Session, lead: Lead, person: Person, correct: Callable[..., Any]) -> None:
    post(session, person.id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"})
    session.commit()
    correct(email=NEW)
    assert not is_confirmed(session, person.id, email_index(NEW))
    assert may_email(session, person.id, email_index(NEW), Kind("inquiry", "transactional", 1)) == "unconfirmed"
    assert session.scalars(select(Message.state).where(Message.template == "office-location")).all() == ["planned"]


def asks(session: Session) -> list[tuple[str, str | None]]:
    """What became of the mail that asks a new address whether it is theirs."""
    return [tuple(row) for row in session.execute(select(Message.state, Message.reason).where(Message.template == "confirm-address"))]


def test_a_new_address_is_asked_by_itself_and_the_page_says_so(coordinator: Browser, session: Session, correct: Callable[..., Any]) -> None:
    answer = correct(email=NEW)
    assert asks(session) == [("planned", None)]
    assert "A mail to the new address asks them to confirm it" in coordinator.get(answer.headers["location"]).text


def test_the_mail_that_asks_is_delivered_to_the_new_address_with_its_button(
    session: Session, person: Person, correct: Callable[..., Any]
) -> None:
    correct(email=NEW)
    asked = session.scalars(select(Message).where(Message.template == "confirm-address")).one()
    due = Due(*session.execute(JUST_CLAIMED, {"ids": [asked.id], "at": now()}).one())
    assert objection(due) is None
    assert "Confirm this address:" in preview(session, asked.id, actor=ACTOR, act="message.read").rendered.text


@pytest.mark.parametrize(
    ("said", "reason"),
    [({"safe_email": "no"}, "suppressed-address"), ({"agrees.contact": ""}, "no-contact-grant")],
)
def test_against_what_they_say_nobody_is_asked(
    coordinator: Browser, session: Session, correct: Callable[..., Any], said: dict[str, str], reason: str
) -> None:
    answer = correct(email=NEW, **said)
    assert asks(session) == [("skipped", reason)]
    assert "No mail asks them to confirm the new address" in coordinator.get(answer.headers["location"]).text


def test_under_a_hold_or_a_stop_nobody_is_asked(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    suppress(session, person_id=person.id, reason="unsubscribed", actor=f"person:{person.id}")
    session.commit()
    correct(email=NEW)
    hold(session, person.id, reason="inquiry")
    session.commit()
    correct(email="ana@example.org")
    assert asks(session) == [("skipped", "suppressed-all"), ("skipped", "held")]


def test_an_address_read_back_or_of_a_closed_lead_is_not_asked(session: Session, lead: Lead, correct: Callable[..., Any]) -> None:
    correct(email=NEW, address_read_back="yes")
    lead.stage, lead.closed_at = "closed", now()
    session.commit()
    correct(email="ana@example.org")
    assert asks(session) == []


def test_nobodys_mailbox_is_filled_by_corrections(session: Session, correct: Callable[..., Any]) -> None:
    for _ in range(clinic().limits.mails_per_hour_per_address + 1):
        correct(email="ana.r@example.net")
        correct(email=NEW)
    assert ("skipped", "recipient-limit") in asks(session)


@pytest.mark.parametrize(("is_safe", "ticked"), [(True, True), (False, False)])
def test_that_mail_is_safe_is_ticked_no_further_than_on_record(
    coordinator: Browser, session: Session, lead: Lead, person: Person, *, is_safe: bool, ticked: bool
) -> None:
    person.safe_email = is_safe
    session.commit()
    box = re.findall(r'<input type="checkbox" id="safe_email"[^>]*>', coordinator.get(at(lead)).text)[0]
    assert ("checked" in box) == ticked


def test_read_back_it_is_confirmed_by_their_word_and_what_waited_begins(
    session: Session, lead: Lead, person: Person, correct: Callable[..., Any]
) -> None:
    correct(email=NEW, address_read_back="yes")
    assert may_email(session, person.id, email_index(NEW), Kind("inquiry", "transactional", 1)) is None
    assert session.scalars(select(Enrolment.sequence_key).where(Enrolment.lead_id == lead.id)).all() == ["new-inquiry"]


def test_what_they_agree_to_at_the_new_address_is_what_holds(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    correct(email=NEW, **{"agrees.education": "", "agrees.unencrypted_email": ""})
    assert granted(session, person.id) == {"contact"}
    entry = session.scalars(select(ConsentEntry).where(ConsentEntry.kind == "contact").order_by(ConsentEntry.id.desc())).first()
    assert entry
    assert (entry.act, entry.method, entry.evidence) == ("grant", "spoken", WHO)


def test_without_a_new_address_consent_stays_as_it_is(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    before = session.scalars(select(ConsentEntry.id)).all()
    correct(given_name="Anna", **{"agrees.education": "", "safe_email": "no"})
    assert session.scalars(select(ConsentEntry.id)).all() == before
    assert is_confirmed(session, person.id, again(session, person).email_index)


@pytest.mark.parametrize("reason", ["bounced", NOT_SAFE])
def test_what_stopped_the_old_address_does_not_stop_the_new(
    session: Session, person: Person, correct: Callable[..., Any], reason: str
) -> None:
    suppress(session, address_index=person.email_index, reason=reason, actor="system", person_id=person.id if reason == NOT_SAFE else None)
    session.commit()
    correct(email=NEW, address_read_back="yes")
    assert may_email(session, person.id, email_index(NEW), Kind("inquiry", "transactional", 1)) is None
    assert may_email(session, person.id, email_index("ana@example.com"), Kind("inquiry", "transactional", 1)) == "suppressed-address"


def test_an_address_that_is_not_safe_gets_nothing_though_it_was_read_back(
    session: Session, person: Person, correct: Callable[..., Any]
) -> None:
    correct(email=NEW, safe_email="no", address_read_back="yes")
    assert may_email(session, person.id, email_index(NEW), Kind("inquiry", "transactional", 1)) == "suppressed-address"


def test_who_never_wants_mail_gets_none_at_the_new_address(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    suppress(session, person_id=person.id, reason="unsubscribed", actor=f"person:{person.id}")
    session.commit()
    correct(email=NEW, address_read_back="yes")
    assert may_email(session, person.id, email_index(NEW), Kind("inquiry", "transactional", 1)) == "suppressed-all"


def test_the_to_do_to_phone_ends_in_the_same_press(coordinator: Browser, session: Session, lead: Lead, correct: Callable[..., Any]) -> None:
    for lead_id in (lead.id, None):
        open_todo(session, "phone-instead", person_id=lead.person_id, lead_id=lead_id, due_at=now(), actor=ACTOR)
    session.commit()
    assert 'name="phoned"' in coordinator.get(at(lead)).text
    correct(email=NEW, phoned="yes")
    assert session.scalars(select(Todo.id).where(Todo.done_at.is_(None))).all() == []
    assert 'name="phoned"' not in coordinator.get(at(lead)).text


def test_without_the_tick_it_stays(session: Session, lead: Lead, correct: Callable[..., Any]) -> None:
    open_todo(session, "phone-instead", person_id=lead.person_id, lead_id=lead.id, due_at=now(), actor=ACTOR)
    session.commit()
    correct(email=NEW)
    assert session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))).all() == ["phone-instead"]


@pytest.mark.parametrize(("field", "value", "why"), [("email", "bea@example.com", "email"), ("phone", "203-555-0188", "phone")])
def test_what_belongs_to_somebody_else_suggests_a_merge(
    session: Session, person: Person, correct: Callable[..., Any], field: str, value: str, why: str
) -> None:
    other = make_person(session, given_name="Bea", email="bea@example.com", phone="+12035550188", birth_date=None)
    session.commit()
    correct(**{field: value})
    pair = session.scalars(select(MergeSuggestion)).one()
    assert ({pair.person_id, pair.other_id}, pair.why) == ({person.id, other.id}, why)


def test_nobody_is_suggested_for_what_was_theirs_before(session: Session, person: Person, correct: Callable[..., Any]) -> None:
    correct(given_name="Anna", email=NEW, phone="203-555-0177")
    assert session.scalars(select(MergeSuggestion.id)).all() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "ana@"}, "not a complete e-mail address"),
        ({"phone": "12"}, "wrong-phone"),
        ({"given_name": " "}, "wrong-given_name"),
        ({"birth_date": "2015-01-01"}, "under 18"),
        ({"email": "", "phone": ""}, "so that we can answer"),
        ({"office": "atlantis"}, "wrong-office"),
        ({"email": NEW, "said_by": " "}, "Say whose word it is"),
        ({}, "Nothing here differs"),
    ],
)
def test_what_intake_would_refuse_is_refused_and_kept(
    session: Session, person: Person, correct: Callable[..., Any], changes: dict[str, str], words: str
) -> None:
    answer = correct(**({"family_name": "Ribeira"} | changes if changes else {}))
    assert answer.status_code == 422
    assert words in answer.text
    assert not changes or 'value="Ribeira"' in answer.text
    assert again(session, person).full_name == "Ana Rivera"


def test_of_two_colleagues_the_second_sees_what_changed_and_overwrites_nothing(
    coordinator: Browser, session: Session, lead: Lead, person: Person, correct: Callable[..., Any], tuesday: Any
) -> None:
    old = coordinator.get(at(lead)).text
    tuesday(timedelta(minutes=1))
    correct(phone="203-555-0177", family_name="Ribeira")
    tuesday(timedelta(minutes=1))
    answer = correct(old, email=NEW, family_name="Riveira")
    assert answer.status_code == 409
    assert "Details corrected" in answer.text
    assert "On record now: <strong>Ribeira</strong>" in answer.text
    assert again(session, person).email == "ana@example.com"
    shown = {name: value for name, value in inputs(answer.text).items() if name in FIELDS}
    assert (shown["phone"], shown["family_name"], shown["email"]) == ("+12035550177", "Riveira", NEW)
    correct(answer.text, **{name: shown[name] for name in ("phone", "family_name", "email")})
    assert (again(session, person).phone, again(session, person).email) == ("+12035550177", NEW)


def test_what_changed_elsewhere_without_the_lead_is_not_overwritten_either(
    coordinator: Browser, session: Session, lead: Lead, person: Person, correct: Callable[..., Any]
) -> None:
    old = coordinator.get(at(lead)).text
    person.language = "es"
    session.commit()
    answer = correct(old, given_name="Anna")
    assert answer.status_code == 409
    assert (again(session, person).given_name, person.language) == ("Ana", "es")


def test_a_restricted_record_asks_for_its_reason(
    coordinator: Browser, session: Session, lead: Lead, person: Person, correct: Callable[..., Any]
) -> None:
    old = coordinator.get(at(lead)).text
    robin = make_account(session, "supervisor", email="robin@example.com")
    restrict(session, person.id, reason="A colleague of ours", actor=f"account:{robin.id}", roles={"supervisor"})
    session.commit()
    assert coordinator.get(at(lead)).status_code == 403
    assert correct(old, given_name="Anna").status_code == 403
    assert again(session, person).given_name == "Ana"


def test_the_reading_is_on_record(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.get(at(lead))
    assert session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "person.read")).all() == [lead.person_id]


def test_the_leads_page_leads_there_for_those_who_may(signed_in: Callable[..., Browser], lead: Lead) -> None:
    browser = signed_in("auditor")
    assert '/details"' not in browser.get(f"/console/leads/{lead.number}").text
    assert browser.get(at(lead)).status_code == 403


def test_another_lead_of_theirs_shows_the_new_ones(session: Session, lead: Lead, person: Person, correct: Callable[..., Any]) -> None:
    other = make_lead(session, person, stage="closed", closed_at=now(), outcome="not-a-fit")
    session.commit()
    correct(given_name="Anna", office="new-haven")
    session.expire_all()
    assert session.get_one(Lead, other.id).office == "woodbury"
    assert session.scalars(select(Note.lead_id).where(Note.kind == "corrected")).all() == [lead.id]


@pytest.mark.parametrize(("why", "words"), [("deceased", "they have died"), ("never-contact", "they asked never to be contacted again")])
def test_who_is_never_contacted_is_asked_for_no_consent_and_the_form_says_why(
    coordinator: Browser, session: Session, lead: Lead, person: Person, correct: Callable[..., Any], why: str, words: str
) -> None:
    coordinator.form(f"/console/leads/{lead.number}/never-contact", why_never=why, never_evidence="Her sister called.")
    page = coordinator.get(at(lead)).text
    assert f"not now, {words}" in page
    assert [each for each in ("agrees.", "address_read_back") if f'name="{each}' in page] == []
    # What the form does send is taken.
    assert correct(page, email=NEW, **dict.fromkeys(SAYS_YES, "") | {"safe_email": hidden_fields(page, "safe_email")[0]}).status_code == 303
    assert again(session, person).email == NEW
