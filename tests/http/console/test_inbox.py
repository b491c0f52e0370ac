"""The inbox: mail nobody could place is read by a colleague, on record, and decided once."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.consent.ledger import is_confirmed, paused_until
from leads.inbound.mail_models import InboundMail
from leads.inbound.read import read
from leads.inbound.take_in import take_in
from leads.people.models import Person
from leads.pipeline.models import Lead
from tests.http.console.conftest import Browser
from tests.inbound.mails import arrived, written


@pytest.fixture
def mail(session: Session, lead: Lead) -> InboundMail:
    """A mail from an address that is not on file."""
    row_id = take_in(session, arrived(written("I am Ana, from my work address.", sender="work@example.com", to="care@mail.elmharbor.test")))
    assert row_id
    read(session, row_id)
    session.commit()
    return session.get_one(InboundMail, row_id)


def test_it_is_shown_and_the_reading_is_on_record(coordinator: Browser, mail: InboundMail, session: Session) -> None:
    page = coordinator.get("/console/inbox").text
    assert "I am Ana, from my work address." in page
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "inbox.listed")).first()


def test_given_to_a_lead_it_stands_there_and_rests_their_sequences(
    coordinator: Browser, mail: InboundMail, lead: Lead, session: Session
) -> None:
    coordinator.form(f"/console/inbox/{mail.id}/give", page="/console/inbox", number=lead.number)
    assert "I am Ana, from my work address." in coordinator.get(f"/console/leads/{lead.number}").text
    assert paused_until(session, lead.person_id)


def test_another_address_is_not_proved_by_it(coordinator: Browser, mail: InboundMail, lead: Lead, session: Session) -> None:
    coordinator.form(f"/console/inbox/{mail.id}/give", page="/console/inbox", number=lead.number)
    person = session.get_one(Person, lead.person_id)
    assert is_confirmed(session, person.id, person.email_index)
    assert person.email == "ana@example.com"


def test_a_mistyped_number_is_said_to_be_one(coordinator: Browser, mail: InboundMail) -> None:
    answer = coordinator.form(f"/console/inbox/{mail.id}/give", page="/console/inbox", number="L-999999")
    assert answer.status_code == 404
    assert "There is no lead L-999999" in answer.text
    assert 'value="L-999999"' in answer.text


def test_two_colleagues_decide_it_once(coordinator: Browser, mail: InboundMail, lead: Lead) -> None:
    coordinator.form(f"/console/inbox/{mail.id}/put-aside", page="/console/inbox")
    answer = coordinator.form(f"/console/inbox/{mail.id}/give", page="/console/inbox", number=lead.number)
    assert answer.status_code == 409
    assert "already decided" in answer.text


def test_who_only_looks_decides_nothing(signed_in: object, mail: InboundMail) -> None:
    browser = signed_in("auditor")  # type: ignore[operator]
    assert browser.form(f"/console/inbox/{mail.id}/put-aside", page="/console/quarantine").status_code == 403
