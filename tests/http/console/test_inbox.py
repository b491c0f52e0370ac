"""The inbox: mail nobody could place is read by a colleague, on record, and decided once."""

import re
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.consent.ledger import is_confirmed, paused_until
from leads.inbound import inbox
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


def test_what_was_put_aside_is_taken_up_again_from_the_toast_for_why_it_had_waited(
    coordinator: Browser, mail: InboundMail, session: Session
) -> None:
    was = (mail.state, mail.reason)
    place = coordinator.form(f"/console/inbox/{mail.id}/put-aside", page="/console/inbox").headers["location"]
    assert f'action="/console/inbox/{mail.id}/take-up-again"' in coordinator.get(place).text
    coordinator.form(f"/console/inbox/{mail.id}/take-up-again", page="/console/inbox")
    session.refresh(mail)
    assert (mail.state, mail.reason, mail.handled_by) == (*was, None)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "mail.waits_again")).one()
    assert (entry.subject_id, entry.actor[:8]) == (mail.id, "account:")


def test_what_was_put_aside_is_listed_with_who_did_it_and_can_be_given_to_a_lead_afterwards(
    coordinator: Browser, mail: InboundMail, lead: Lead
) -> None:
    coordinator.form(f"/console/inbox/{mail.id}/put-aside", page="/console/inbox")
    assert "work address" not in coordinator.get("/console/inbox").text
    page = coordinator.get("/console/inbox?list=aside").text
    assert "I am Ana, from my work address." in page
    assert "Put aside by Casey" in page
    coordinator.form(f"/console/inbox/{mail.id}/take-up-again", page="/console/inbox?list=aside")
    answer = coordinator.form(f"/console/inbox/{mail.id}/give", page="/console/inbox", number=lead.number)
    assert answer.headers["location"] == f"/console/leads/{lead.number}?said=mail-given"


def test_what_is_not_aside_is_not_taken_up(coordinator: Browser, mail: InboundMail, lead: Lead) -> None:
    coordinator.form(f"/console/inbox/{mail.id}/give", page="/console/inbox", number=lead.number)
    answer = coordinator.form(f"/console/inbox/{mail.id}/take-up-again", page="/console/inbox")
    assert (answer.status_code, "not put aside any more" in answer.text) == (409, True)


def test_a_mail_whose_words_are_not_kept_any_more_stays_aside(coordinator: Browser, mail: InboundMail, session: Session) -> None:
    coordinator.form(f"/console/inbox/{mail.id}/put-aside", page="/console/inbox")
    session.refresh(mail)
    mail.raw = None
    session.commit()
    assert "Nothing was put aside" in coordinator.get("/console/inbox?list=aside").text
    assert coordinator.form(f"/console/inbox/{mail.id}/take-up-again", page="/console/inbox").status_code == 409


def test_settling_while_paging_skips_no_mail(
    coordinator: Browser, session: Session, tuesday: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "A_PAGE", 2)
    for number in range(5):
        row_id = take_in(session, arrived(written(f"Mail {number}", sender=f"who{number}@example.com", to="care@mail.elmharbor.test")))
        assert row_id
        read(session, row_id)
    session.commit()
    first = coordinator.get("/console/inbox").text
    ids = re.findall(r'id="m-([^"]+)"', first)
    coordinator.form(f"/console/inbox/{ids[0]}/put-aside", page="/console/inbox")
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = coordinator.get(f"/console/inbox{unescape(more)}").text
    (more,) = re.findall(r'rel="next" href="([^"]+)"', second)
    third = coordinator.get(f"/console/inbox{unescape(more)}").text
    assert sorted(re.findall(r"Mail (\d)", first + second + third)) == ["0", "1", "2", "3", "4"]


def test_who_only_looks_decides_nothing(signed_in: object, mail: InboundMail) -> None:
    browser = signed_in("auditor")  # type: ignore[operator]
    assert browser.form(f"/console/inbox/{mail.id}/put-aside", page="/console/quarantine").status_code == 403
