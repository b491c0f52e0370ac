"""Somebody calls, walks in or faxes: within a minute it is an inquiry or a referral like any other, with consent as it was spoken."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.consent.ledger import granted, is_confirmed, withdraw
from leads.consent.models import ConsentEntry
from leads.loop.models import Attachment, Referral
from leads.messages.models import Message
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.models import Lead, Note
from leads.todos.models import Todo
from tests.cast import BY_FORM, make_confirmed_person
from tests.http.console.conftest import Browser, hidden_fields

pytestmark = pytest.mark.usefixtures("tuesday")
ANA = {
    "channel": "phone",
    "given_name": "Ana",
    "family_name": "Rivera",
    "phone": "203-555-0123",
    "email": "ana@example.com",
    "office": "woodbury",
    "message": "She asks for a first visit.",
    "consent.contact": "yes",
    "safe_email": "yes",
    "safe_voicemail": "no",
    "spoken_by": "Ana herself, on the phone",
}
FAXED = {
    "channel": "fax",
    "patient.given_name": "Ana",
    "patient.family_name": "Rivera",
    "patient.phone": "203-555-0123",
    "provider.npi": "1234567893",
    "provider.family_name": "Osei",
    "provider.practice": "Harbor Psychiatry",
    "provider.fax": "203-555-0144",
    "reason": "Two trials without success.",
    "patient.safe_email": "no",
    "patient.consent.contact": "yes",
}
SCAN = ("fax.pdf", b"%PDF-1.4 a scan", "application/pdf")


def by_hand(browser: Browser, **changes: str) -> str:
    """Type an inquiry in, and return where it leads."""
    return str(browser.form("/console/new", page="/console/new", **(ANA | changes)).headers.get("location", ""))


def faxed(browser: Browser, **changes: str) -> int:
    """Type a faxed referral in with its scan; return the status."""
    token = hidden_fields(browser.get("/console/new/referral").text, "csrf")[0]
    fields = FAXED | {"csrf": token} | changes
    return browser.post("/console/new/referral", data=fields, files={"attachments": SCAN}, follow_redirects=False).status_code


def test_a_call_becomes_a_lead_with_consent_as_spoken_and_by_whom(coordinator: Browser, session: Session) -> None:
    assert by_hand(coordinator).startswith("/console/leads/L-")
    entry = session.scalars(select(ConsentEntry)).one()
    assert (entry.kind, entry.method, entry.evidence) == ("contact", "spoken", "Ana herself, on the phone")
    assert entry.actor.startswith("account:")


def test_who_spoke_with_us_is_owed_no_first_call(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, spoken_with="yes")
    lead = session.scalars(select(Lead)).one()
    assert lead.reached_at
    assert not session.scalars(select(Todo).where(Todo.kind == "call", Todo.done_at.is_(None))).all()


def test_a_fax_is_still_owed_a_call(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, channel="fax", spoken_with="yes")
    assert session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))).all() == ["call"]


def test_an_address_read_back_is_confirmed(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, address_read_back="yes")
    person = session.scalars(select(Person)).one()
    assert is_confirmed(session, person.id, person.email_index)


def test_what_follows_is_the_same_as_for_a_form(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator)
    assert session.scalars(select(Message.template)).all() == ["inquiry-received"]


def test_a_spoken_yes_counts_after_an_earlier_no(coordinator: Browser, session: Session) -> None:
    person = make_confirmed_person(session)
    withdraw(session, person.id, "education", BY_FORM, actor="person")
    session.commit()
    by_hand(coordinator, **{"consent.education": "yes"})
    assert "education" in granted(session, person.id)


@pytest.mark.parametrize("wrong", [{"spoken_by": ""}, {"consent.contact": ""}, {"phone": "12", "email": ""}, {"channel": "pigeon"}])
def test_what_is_missing_is_said_and_nothing_typed_is_lost(coordinator: Browser, session: Session, wrong: dict[str, str]) -> None:
    answer = coordinator.form("/console/new", page="/console/new", **(ANA | wrong))
    assert answer.status_code == 422
    assert "She asks for a first visit." in answer.text
    assert 'class="wrong"' in answer.text
    assert session.scalar(select(func.count()).select_from(Lead)) == 0


def test_of_somebody_under_age_nothing_is_kept(coordinator: Browser, session: Session) -> None:
    assert "Nothing was stored" in coordinator.form("/console/new", page="/console/new", **ANA, for_whom="minor").text
    assert session.scalar(select(func.count()).select_from(Person)) == 0


@pytest.mark.parametrize("typed", [{"phone": "(203) 555-0123"}, {"email": "ANA@example.com"}])
def test_whom_we_know_is_shown_while_it_is_typed(coordinator: Browser, session: Session, lead: Lead, typed: dict[str, str]) -> None:
    shown = coordinator.form("/console/new/known", page="/console/new", **typed)
    assert lead.number in shown.text
    assert session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "leads.listed")).all()[-1]["need"] == "known"


@pytest.mark.parametrize("typed", [{"phone": "203"}, {"email": "ana"}, {}])
def test_half_a_number_finds_nobody(coordinator: Browser, lead: Lead, typed: dict[str, str]) -> None:
    assert lead.number not in coordinator.form("/console/new/known", page="/console/new", **typed).text


def test_who_may_be_somebody_else_is_kept_apart_and_shown(coordinator: Browser, session: Session, lead: Lead) -> None:
    by_hand(coordinator, given_name="Bea", email="")
    assert session.scalars(select(MergeSuggestion.why)).all() == ["phone"]


def test_a_fax_becomes_a_referral_with_its_scan_to_be_verified_as_ever(coordinator: Browser, session: Session) -> None:
    assert faxed(coordinator) == 303
    referral = session.scalars(select(Referral)).one()
    assert (referral.channel, referral.state) == ("fax", "received")
    assert session.scalars(select(Attachment)).one().name == "fax.pdf"
    assert "verify-referrer" in session.scalars(select(Todo.kind)).all()


def test_a_refused_referral_keeps_what_was_typed_and_names_the_scan(coordinator: Browser, session: Session) -> None:
    token = hidden_fields(coordinator.get("/console/new/referral").text, "csrf")[0]
    fields = FAXED | {"csrf": token, "provider.npi": "1234567890"}
    page = coordinator.post("/console/new/referral", data=fields, files={"attachments": SCAN})
    assert page.status_code == 422
    assert "Two trials without success." in page.text
    assert "Choose these documents again: fax.pdf" in page.text


def test_another_sites_form_adds_nobody(coordinator: Browser, session: Session) -> None:
    assert faxed(coordinator, csrf="forged") == 403
    assert session.scalar(select(func.count()).select_from(Referral)) == 0


def test_an_auditor_looks_and_adds_nobody(signed_in: object, session: Session) -> None:
    browser = signed_in("auditor")  # type: ignore[operator]
    assert browser.form("/console/new", page="/console/new", **ANA).status_code == 403
    assert faxed(browser) == 403


def test_what_they_said_is_on_the_leads_page(coordinator: Browser, session: Session) -> None:
    place = by_hand(coordinator, spoken_with="yes")
    page = coordinator.get(place).text
    assert "Inquiry through a call" in page
    assert session.scalars(select(Note.kind)).all() == ["call:reached"]
