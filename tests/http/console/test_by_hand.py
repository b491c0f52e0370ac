"""Somebody calls, walks in or faxes: within a minute it is an inquiry or a referral like any other, with consent as it was spoken."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.consent.fhir_export import to_bundle
from leads.consent.ledger import granted, is_confirmed, withdraw
from leads.consent.models import ConsentEntry, Suppression
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
    "said_by": "self",
    "said_how": "phone",
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
    "said_by": "referrer",
    "said_how": "writing",
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
    assert (entry.kind, entry.method, entry.evidence) == ("contact", "spoken", "The patient themself, by phone")
    assert entry.actor.startswith("account:")


def test_nothing_is_ticked_until_it_was_said(coordinator: Browser) -> None:
    form = coordinator.get("/console/new").text.partition('class="card by-hand"')[2].partition("</form>")[0]
    assert re.findall(r"<input[^>]* checked", form) == ['<input type="radio" name="channel" value="phone" checked']


def test_where_nothing_is_ticked_nobody_is_asked_who_said_so(coordinator: Browser) -> None:
    said_nothing = ANA | {"consent.contact": "", "safe_email": "no", "said_by": "", "said_how": ""}
    page = coordinator.form("/console/new", page="/console/new", **said_nothing).text
    assert 'id="wrong-consent.contact"' in page
    assert 'id="wrong-said_by"' not in page


def test_who_speaks_for_somebody_is_named_and_is_not_taken_for_the_patient(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, said_by="other", said_who="her sister Marta")
    entry = session.scalars(select(ConsentEntry)).one()
    assert (entry.method, entry.evidence) == ("spoken-for", "Somebody for them, her sister Marta, by phone")
    (consent,) = [each["resource"] for each in to_bundle(session, entry.person_id)["entry"]]
    assert consent["verification"] == [{"verified": False}]


def test_what_stands_on_a_fax_is_in_writing(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, channel="fax", said_how="writing")
    entry = session.scalars(select(ConsentEntry)).one()
    assert (entry.method, entry.evidence) == ("written", "The patient themself, in writing")


def test_where_nobody_said_that_mail_is_safe_none_is_sent_and_a_colleague_answers_for_it(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, safe_email="no")
    stop = session.scalars(select(Suppression)).one()
    assert (stop.reason, stop.actor[:8]) == ("not-safe", "account:")


def test_who_spoke_with_us_is_owed_no_first_call(coordinator: Browser, session: Session) -> None:
    by_hand(coordinator, spoken_with="yes")
    lead = session.scalars(select(Lead)).one()
    assert lead.reached_at
    assert not session.scalars(select(Todo).where(Todo.kind == "call", Todo.done_at.is_(None))).all()


@pytest.mark.parametrize(("changes", "said"), [({}, "taken-down"), ({"email": ""}, "taken-down-unmailed")])
def test_the_page_after_it_says_whether_they_hear_of_it(coordinator: Browser, changes: dict[str, str], said: str) -> None:
    answer = coordinator.form("/console/new", page="/console/new", **(ANA | changes))
    assert answer.headers["location"].endswith(f"?said={said}")


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


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"said_by": ""}, "said_by"),
    ({"said_by": "referrer"}, "said_by"),
    ({"said_how": ""}, "said_how"),
    ({"said_by": "other"}, "said_who"),
    ({"consent.contact": ""}, "consent.contact"),
    ({"phone": "12", "email": ""}, "phone"),
    ({"channel": "pigeon"}, "channel"),
    ({"said_by": "other", "said_who": "her sister", "address_read_back": "yes"}, "address_read_back"),
    ({"said_how": "writing", "address_read_back": "yes"}, "address_read_back"),
)


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    coordinator: Browser, session: Session, wrong: dict[str, str], field: str
) -> None:
    answer = coordinator.form("/console/new", page="/console/new", **(ANA | wrong))
    assert answer.status_code == 422
    assert "She asks for a first visit." in answer.text
    assert f'id="wrong-{field}"' in answer.text
    assert f'<a href="#{field}">' in answer.text
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
