"""The open referral form, by a browser without JavaScript and by those who mean no good."""

import html
import re
import threading
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.db import Base
from leads.http.limit_body import LARGEST_UPLOAD
from leads.http.public.traps import stamp
from leads.loop.models import Attachment, Referral
from leads.messages.models import Message
from leads.people.models import Person
from leads.providers.store import store
from leads.todos.models import Todo
from tests.http.public.refer_cast import PDF, refer
from tests.providers.cast import ANA, BEN, line

MEGABYTE = 1024 * 1024


def count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def told_at(answer: httpx.Response, name: str) -> str:
    """The words that stand beside a field."""
    found = re.search(rf'id="error-{re.escape(name)}">(?:<span.*?</span>)?(.*?)</p>', answer.text)
    return html.unescape(found[1]) if found else ""


def test_help_in_a_crisis_stands_before_the_first_free_text(web: TestClient) -> None:
    page = web.get("/refer").text
    assert page.index("tel:988") < page.index('name="provider.npi"')
    assert "not monitored around the clock" in page


def test_every_wording_of_a_grant_stands_in_the_form(web: TestClient) -> None:
    page = html.unescape(web.get("/refer").text)
    consent = clinic().consent
    for words in (consent.contact, consent.education, consent.unencrypted_email, consent.status_to_referrer):
        assert words["en"].strip() in page


def test_a_referral_is_answered_with_its_number_and_a_summary(web: TestClient, session: Session) -> None:
    answer = refer(web, documents=[("letter.pdf", PDF)], trials__0__drug="sertraline", trials__0__weeks="10")
    number = session.scalars(select(Referral)).one().number
    assert answer.status_code == 201
    for words in (number, "Jordan Doe", "sertraline · 10 weeks", "letter.pdf", "(203) 555-0123"):
        assert words in answer.text


def test_the_name_behind_the_npi_is_shown_back(web: TestClient, session: Session) -> None:
    store(session, [line(ANA)])
    session.commit()
    assert "The registry knows this NPI as Ana Rivera" in refer(web).text


def test_a_stranger_reaches_nobody_but_people(web: TestClient, session: Session) -> None:
    refer(web, patient__email="jordan@example.com", patient__consent__contact="true")
    assert count(session, Message) == 0
    assert {"call", "verify-referrer"} <= set(session.scalars(select(Todo.kind)))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("provider.npi", "1234567890", "check digit does not fit"),
        ("provider.npi", "", "fill this in"),
        ("provider.family_name", "", "fill this in"),
        ("provider.practice", "", "fill this in"),
        ("provider.phone", "12", "cannot be dialed"),
        ("provider.email", "rivera@", "complete e-mail address"),
        ("submitted_by.email", "sam", "complete e-mail address"),
        ("patient.given_name", "", "fill this in"),
        ("patient.family_name", "", "fill this in"),
        ("patient.birth_date", "2999-01-01", "not come yet"),
        ("patient.birth_date", "2020-01-01", "only take adults"),
        ("patient.email", "jordan@", "complete e-mail address"),
        ("patient.phone", "", "phone number or e-mail address"),
        ("patient.consent.wording", "2001-01", "wording"),
        ("trials.0.weeks", "many", "number of weeks"),
        ("trials.0.dose", "x" * 101, "longer than we can take"),
        ("reason", "", "fill this in"),
        ("reason", "SSN 078-05-1120", "Social Security number"),
        ("reason", "x" * 4001, "longer than we can take"),
        ("note", "x" * 4001, "longer than we can take"),
        ("diagnosis", "078 05 1120", "Social Security number"),
        ("contraindications", "moonlight", "choose one of the answers"),
        ("urgency", "yesterday", "choose one of the answers"),
        ("office", "paris", "choose one of the answers"),
    ],
)
def test_each_error_stands_beside_its_field(web: TestClient, session: Session, name: str, value: str, words: str) -> None:
    changes: dict[str, Any] = {name.replace(".", "__"): value} | ({"trials__0__drug": "sertraline"} if name.startswith("trials") else {})
    answer = refer(web, **changes)
    assert (answer.status_code, count(session, Referral)) == (422, 0)
    assert words in told_at(answer, name)
    assert f'href="#{name}"' in answer.text
    assert f'id="{name}"' in answer.text


def test_a_way_to_answer_is_asked_for_where_none_is_given(web: TestClient) -> None:
    assert "so that we can answer" in told_at(refer(web, provider__phone=""), "provider.email")


def test_nothing_typed_is_lost_over_an_error(web: TestClient) -> None:
    answer = refer(
        web,
        documents=[("a.pdf", PDF)],
        provider__npi="1",
        reason="Two\nlines <b>",
        contraindications="psychosis",
        trials__5__drug="lithium",
    )
    assert "Two\nlines &lt;b&gt;</textarea>" in answer.text
    assert re.search(r'value="psychosis" checked', answer.text)
    assert re.search(r'name="trials\.0\.drug"[^>]*value="lithium"', answer.text)
    assert re.search(r"choose your documents again.*a\.pdf", answer.text)


def test_what_was_typed_cannot_become_markup(web: TestClient) -> None:
    evil = '"><script>alert(1)</script>'
    for answer in (refer(web, provider__npi="1", patient__given_name=evil), refer(web, patient__given_name=evil, trials__0__drug=evil)):
        assert "<script>alert" not in answer.text


def test_the_same_form_twice_is_one_referral(web: TestClient, session: Session) -> None:
    first, second = refer(web), refer(web)
    assert (first.status_code, second.status_code, count(session, Referral)) == (201, 200, 1)
    assert session.scalars(select(Referral)).one().number in second.text


@pytest.mark.committed
def test_the_same_form_pressed_five_times_at_once_is_one_referral(web: TestClient, session: Session) -> None:
    answers: list[int] = []
    presses = [threading.Thread(target=lambda: answers.append(refer(web, documents=[("a.pdf", PDF)]).status_code)) for _ in range(5)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert sorted(answers) == [200, 200, 200, 200, 201]
    assert [count(session, table) for table in (Referral, Person, Attachment)] == [1, 1, 1]


def test_a_document_forgotten_the_first_time_is_kept_with_the_second(web: TestClient, session: Session) -> None:
    refer(web, documents=[("a.pdf", PDF)])
    refer(web, documents=[("a.pdf", PDF), ("b.pdf", PDF + b" ")])
    assert [count(session, table) for table in (Referral, Attachment)] == [1, 2]
    assert "read-answer" in session.scalars(select(Todo.kind)).all()


def test_another_clinicians_referral_of_the_same_patient_stands_beside_it(web: TestClient, session: Session) -> None:
    refer(web)
    assert refer(web, provider__npi=BEN).status_code == 201
    assert [count(session, table) for table in (Referral, Person)] == [2, 2]


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"MZ\x90", b"", b"PK\x03\x04", b"GIF89a"])
def test_a_disguised_document_is_refused_and_nothing_is_kept(web: TestClient, session: Session, content: bytes) -> None:
    answer = refer(web, documents=[("letter.pdf", content)])
    assert "Only PDF, PNG and JPEG" in told_at(answer, "attachments")
    assert [count(session, table) for table in (Referral, Person, Attachment)] == [0, 0, 0]


def test_more_than_twenty_megabytes_are_refused_beside_the_field(web: TestClient, session: Session) -> None:
    answer = refer(web, documents=[("a.pdf", PDF.ljust(12 * MEGABYTE)), ("b.pdf", PDF.ljust(8 * MEGABYTE + 1))])
    assert "20 MB in all" in told_at(answer, "attachments")
    assert [count(session, table) for table in (Referral, Attachment)] == [0, 0]


def test_a_body_beyond_the_limit_is_refused_with_a_way_back(web: TestClient) -> None:
    answer = refer(web, documents=[("a.pdf", PDF.ljust(LARGEST_UPLOAD))])
    assert (answer.status_code, "documents may have 20 MB in all" in answer.text) == (413, True)


def test_a_document_keeps_no_path_in_its_name(web: TestClient) -> None:
    refer(web, documents=[("../../etc/passwd", PDF)])
    answer = refer(web, documents=[("../../etc/passwd", PDF)])
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"reason=x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * 70_000 + b"\r\n--x--"),
    ],
)
def test_a_body_that_is_no_form_is_refused_in_words(web: TestClient, content_type: str, body: bytes) -> None:
    answer = web.post("/refer", content=body, headers={"Content-Type": content_type})
    assert answer.status_code in (400, 422)
    assert "Traceback" not in answer.text


def test_an_unknown_field_is_refused(web: TestClient, session: Session) -> None:
    assert refer(web, patient__shoe_size="44").status_code == 422
    assert count(session, Referral) == 0


@pytest.mark.parametrize("changes", [{"subject_line": "buy"}, {"opened": ""}, {"opened": "at once"}, {"opened": "1.2"}])
def test_a_machine_is_asked_once_more_and_nothing_is_kept(web: TestClient, session: Session, changes: dict[str, Any]) -> None:
    changes = {name: stamp() if value == "at once" else value for name, value in changes.items()}
    answer = refer(web, documents=[("a.pdf", PDF)], **changes)
    assert (answer.status_code, count(session, Referral)) == (422, 0)
    assert "send it again" in answer.text
    assert "a.pdf" in answer.text


def test_somebody_in_danger_waits_for_no_trap(web: TestClient, session: Session) -> None:
    answer = refer(web, current_risk="true", opened=stamp())
    assert answer.status_code == 201
    assert "tel:911" in answer.text
    assert "safety" in " ".join(session.scalars(select(Todo.kind)))


def test_too_many_from_one_place_wait_and_keep_what_they_typed(web: TestClient) -> None:
    for each in range(clinic().limits.submissions_per_hour_per_source):
        assert refer(web, patient__family_name=f"Doe {'abcdefghijklmnopqrstuvwxyz'[each]}").status_code == 201
    answer = refer(web, patient__family_name="Last", documents=[("a.pdf", PDF)])
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert 'value="Last"' in answer.text
    assert "a.pdf" in answer.text


def test_the_registry_is_asked_only_so_often(web: TestClient, session: Session) -> None:
    store(session, [line(ANA)])
    session.commit()
    answers = [web.get("/refer/providers", params={"typed": ANA}) for _ in range(61)]
    assert [each["name"] for each in answers[0].json()] == ["Ana Rivera"]
    assert answers[-1].status_code == 429


def test_the_registry_says_nothing_of_ours(web: TestClient) -> None:
    refer(web, provider__npi=BEN, provider__family_name="Secret")
    for typed in (BEN, "Secret", "Doe", "%", "x" * 500, "\x00", ""):
        assert web.get("/refer/providers", params={"typed": typed}).json() == []


def test_the_page_speaks_spanish(web: TestClient) -> None:
    answer = refer(web, "/refer?language=es", provider__npi="1")
    assert '<html lang="es">' in answer.text
    assert "diez cifras" in told_at(answer, "provider.npi")
