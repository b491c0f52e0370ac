"""The inquiry form in a browser without JavaScript."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.consent.ledger import open_holds
from leads.db import Base
from leads.http.public.traps import stamp
from leads.inquiries.models import Inquiry, QuarantinedInquiry
from leads.messages.models import Message
from leads.people.models import Person
from tests.cast import make_confirmed_person
from tests.http.public.conftest import Send, typed


def count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_form_shows_every_wording_and_the_privacy_notice(web: TestClient) -> None:
    html = web.get("/inquire").text
    for words in (clinic().consent.contact, clinic().consent.education, clinic().consent.unencrypted_email):
        assert words["en"].strip() in html
    assert clinic().practice.privacy_notice_url in html


def test_help_in_a_crisis_stands_before_the_first_free_text_and_after_sending(web: TestClient, send: Send) -> None:
    form, thanks = web.get("/inquire").text, web.get(send().headers["location"]).text
    assert form.index("tel:988") < form.index('name="given_name"')
    for html in (form, thanks):
        assert all(way in html for way in ("tel:988", "sms:988", "https://988lifeline.org", "tel:911"))
        assert "not monitored around the clock" in html


def test_the_page_speaks_spanish_when_asked_by_link_or_browser(web: TestClient) -> None:
    by_link = web.get("/inquire?language=es").text
    by_browser = web.get("/inquire", headers={"Accept-Language": "es-PR,es;q=0.9"}).text
    for html in (by_link, by_browser):
        assert '<html lang="es">' in html
        assert clinic().consent.contact["es"] in html


def test_an_inquiry_is_kept_and_thanked_for(send: Send, session: Session) -> None:
    answer = send()
    assert (answer.status_code, answer.headers["location"]) == (303, "/inquire/thanks?language=en&office=woodbury")
    assert [count(session, table) for table in (Inquiry, Person, Message)] == [1, 1, 1]


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(send: Send, session: Session) -> None:
    answer = send(email="ana@", message="Two\nlines", consent__contact="", safe_voicemail="yes")
    assert answer.status_code == 422
    assert re.search(r'id="email"[^>]*value="ana@"[^>]*aria-describedby="hint-email error-email"[^>]*aria-invalid="true"', answer.text)
    assert 'href="#email"' in answer.text
    assert 'href="#consent.contact"' in answer.text
    assert re.search(r'name="consent.education" value="true" checked', answer.text)
    assert re.search(r'name="safe_voicemail" value="yes" checked', answer.text)
    assert "Two\nlines</textarea>" in answer.text
    assert count(session, Inquiry) == 0


def test_errors_are_told_in_the_language_of_the_page(send: Send) -> None:
    answer = send(to="/inquire?language=es", given_name="")
    assert "díganos su nombre" in answer.text
    assert "Please" not in answer.text


def test_what_was_typed_cannot_become_markup(send: Send) -> None:
    answer = send(given_name='"><script>alert(1)</script>', message="</textarea><script>", email="x", phone="' onfocus='x")
    assert answer.status_code == 422
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_an_unknown_field_is_named_and_refused(send: Send) -> None:
    answer = send(ssn="078-05-1120")
    assert answer.status_code == 422
    assert "no such field" in answer.text


@pytest.mark.parametrize("changes", [{"for_whom": "minor"}, {"birth_date": "2015-01-01"}, {"for_whom": "minor", "given_name": ""}])
def test_somebody_under_18_is_answered_kindly_and_not_stored(send: Send, session: Session, changes: dict[str, str]) -> None:
    answer = send(**changes)
    assert answer.status_code == 200
    assert "have not stored anything" in answer.text
    assert [count(session, table) for table in (Inquiry, Person, QuarantinedInquiry)] == [0, 0, 0]


def test_the_answer_is_the_same_for_a_known_address(send: Send, web: TestClient, session: Session) -> None:
    first = send()
    make_confirmed_person(session, given_name="Eve", family_name="Known", email="eve@example.com", phone="+12035550199")
    second = send(given_name="Eve", family_name="Known", email="eve@example.com", phone="203-555-0199")
    assert (first.status_code, first.headers["location"], first.content) == (second.status_code, second.headers["location"], second.content)
    assert "Rivera" not in web.get(first.headers["location"]).text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"subject_line": "cheap pills"}, "honeypot"),
        ({"opened": ""}, "no-stamp"),
        ({"opened": "1000000000.0123456789abcdef"}, "forged"),
        ({"opened": "garbage"}, "forged"),
        ({"opened": "now"}, "too-fast"),
        ({"opened": "last month"}, "stale"),
    ],
)
def test_what_trips_a_trap_is_kept_for_a_person_and_mails_nobody(send: Send, session: Session, change: dict[str, str], why: str) -> None:
    moments = {"now": stamp(), "last month": stamp(real_now() - timedelta(days=31))}
    answer, usual = send(**{name: moments.get(value, value) for name, value in change.items()}), send(email="b@example.com")
    assert (answer.status_code, answer.headers["location"], answer.content) == (usual.status_code, usual.headers["location"], usual.content)
    kept = session.scalars(select(QuarantinedInquiry)).one()
    assert (kept.why, kept.received and kept.received["given_name"]) == (why, "Ana")
    assert count(session, Message) == 1


def test_a_cry_for_help_passes_every_trap(send: Send, session: Session) -> None:
    answer = send(subject_line="x", opened="", message="I want to end my life")
    assert answer.headers["location"] == "/crisis?language=en&kept=yes"
    person = session.scalars(select(Person)).one()
    assert open_holds(session, person.id)
    assert count(session, QuarantinedInquiry) == 0


def test_a_cry_for_help_in_a_form_to_mend_shows_whom_to_call_first(send: Send) -> None:
    answer = send(email="nonsense", message="I want to end my life")
    assert answer.status_code == 422
    assert answer.text.index('class="crisis large"') < answer.text.index("not a complete e-mail address")
    assert answer.text.count('id="crisis-title"') == 1


def test_who_only_mistyped_is_not_alarmed(send: Send) -> None:
    assert 'class="crisis large"' not in send(email="nonsense").text


def test_a_cry_for_help_that_comes_too_often_still_shows_whom_to_call(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic().limits.__dict__, "submissions_per_hour_per_source", 0)
    answer = send(message="quiero morir")
    assert answer.status_code == 429
    assert answer.text.index('class="crisis large"') < answer.text.index("<form")


def test_mending_a_field_is_never_too_fast(send: Send, web: TestClient) -> None:
    opened = typed()["opened"]
    again = send(email="ana@", opened=opened).text
    assert f'name="opened" value="{opened}"' in again


def test_too_many_from_one_place_wait_and_keep_what_they_typed(send: Send, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic().limits.__dict__, "submissions_per_hour_per_source", 1)
    send()
    answer = send(message="My second try")
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
    assert "My second try" in answer.text
    assert count(session, Inquiry) == 1


def test_traps_are_counted_too_so_that_quarantine_cannot_be_flooded(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic().limits.__dict__, "submissions_per_hour_per_source", 1)
    send(subject_line="x")
    assert send(subject_line="x").status_code == 429


def test_a_body_beyond_reason_is_refused(web: TestClient) -> None:
    assert web.post("/inquire", data={"message": "x" * 70_000}).status_code == 413
    assert web.post("/inquire", content="&".join(f"f{number}=1" for number in range(200))).status_code == 400


def test_the_campaign_of_a_link_travels_with_the_form(web: TestClient, send: Send, session: Session) -> None:
    assert 'name="campaign.source" value="news&#34;letter"' in web.get('/inquire?utm_source=news"letter').text
    send(campaign__source="newsletter")
    assert session.scalars(select(Inquiry.campaign)).one() == {"source": "newsletter", "medium": None, "name": None}
