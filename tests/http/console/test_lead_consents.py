"""What a person agreed to and chose, as colleagues read it: each act with its proof, and the same for another system, on record."""

import json
import re
from datetime import timedelta

from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import Spoken, pause, suppress, withdraw
from leads.pipeline.models import Lead
from tests.cast import ACTOR
from tests.http.console.conftest import Browser

ON_THE_PHONE = Spoken("spoken", "spoken", evidence="Ana herself, on the phone")
BY_LINK = Spoken("unsubscribe", "one-click", evidence="Link 1 of message 2")


def chosen(session: Session, lead: Lead) -> None:
    withdraw(session, lead.person_id, "unencrypted_email", ON_THE_PHONE, actor=ACTOR)
    suppress(session, person_id=lead.person_id, topic="visits", reason="unsubscribed", actor=f"person:{lead.person_id}", how=BY_LINK)
    session.commit()


def test_each_act_shows_with_what_proves_it(coordinator: Browser, lead: Lead, session: Session) -> None:
    chosen(session, lead)
    page = coordinator.get(f"/console/leads/{lead.number}/consents").text
    assert "Took back health topics in plain e-mail" in page
    assert "Ana herself, on the phone" in page
    assert "Stopped mail about visits" in page
    assert "by one click in their mail program" in page


def test_the_end_of_a_break_is_told_in_utc_too(coordinator: Browser, lead: Lead, session: Session) -> None:
    pause(session, lead.person_id, now() + timedelta(days=9), reason="asked", actor=ACTOR, how=ON_THE_PHONE)
    session.commit()
    of_consents, of_the_lead = (coordinator.get(f"/console/leads/{lead.number}{page}").text for page in ("/consents", ""))
    assert re.search(r'A break until <time [^>]* title="[-0-9]+ [:0-9]+ UTC">', of_consents)
    assert re.search(r'Mails paused until <time [^>]* title="[-0-9]+ [:0-9]+ UTC">', of_the_lead)


def test_the_leads_page_leads_there(coordinator: Browser, lead: Lead) -> None:
    assert f'href="/console/leads/{lead.number}/consents"' in coordinator.get(f"/console/leads/{lead.number}").text


def test_looking_is_on_record(coordinator: Browser, lead: Lead, session: Session) -> None:
    coordinator.get(f"/console/leads/{lead.number}/consents")
    assert lead.number in [entry.detail["lead"] for entry in session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read"))]


def test_what_is_handed_on_is_valid_and_on_record(coordinator: Browser, lead: Lead, session: Session) -> None:
    chosen(session, lead)
    answer = coordinator.get(f"/console/leads/{lead.number}/consents.json")
    assert answer.headers["content-type"] == "application/fhir+json"
    assert f"{lead.number}-consents.json" in answer.headers["content-disposition"]
    bundle = Bundle.model_validate(json.loads(answer.text))
    assert len(bundle.entry) == 4
    assert session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "consents.exported")).one() == {"lead": lead.number}


def test_a_lead_that_is_not_there_is_said_to_be_missing(coordinator: Browser) -> None:
    assert coordinator.get("/console/leads/L-999999/consents.json").status_code == 404


def test_who_is_not_signed_in_is_handed_nothing(browser: Browser, lead: Lead) -> None:
    answer = browser.get(f"/console/leads/{lead.number}/consents.json", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/console/sign-in")
