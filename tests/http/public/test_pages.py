"""Front page, crisis page, mailbox, and refusals: calm, small, and up when the database is not."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from config.settings import ROOT
from leads import db
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import FieldError
from leads.http.wording import LANGUAGES, Words
from tests.the_app import the_app

STATIC = ROOT / "leads" / "http" / "static"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The app while the database is down."""
    dead = db.make_engine("postgresql://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
    monkeypatch.setattr(db, "engine", lambda: dead)
    with TestClient(the_app(), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/inquire", "/inquire/thanks", "/crisis", "/embed/crisis", "/inquire?language=es"])
def test_a_page_shows_while_the_database_is_down(alone: TestClient, path: str) -> None:
    assert alone.get(path).status_code == 200


def test_a_failure_is_told_in_words_while_the_database_is_down(alone: TestClient) -> None:
    answer = alone.get("/c/anything")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert clinic().practice.phone in answer.text


def test_a_missing_page_says_so_in_both_languages(alone: TestClient) -> None:
    assert "old or mistyped" in alone.get("/nothing").text
    assert "estar mal escrita" in alone.get("/nothing?language=es").text
    assert alone.get("/nothing").status_code == 404


def test_the_front_page_names_the_risks_beside_the_offer(alone: TestClient) -> None:
    html = alone.get("/").text
    assert all(words in html for words in ("not FDA-approved", "off-label", "blood pressure", "It is not for everyone"))
    assert all(office.name in html and office.phone in html for office in clinic().offices)


@pytest.mark.parametrize("path", ["/", "/inquire", "/crisis"])
def test_a_whole_page_stays_small_and_loads_nothing_from_elsewhere(alone: TestClient, path: str) -> None:
    html = alone.get(path).text
    styles = sum((STATIC / name).stat().st_size for name in ("tokens.css", "site.css", "mark.svg"))
    assert len(html.encode()) + styles < 60_000
    assert "<script" not in html
    assert "style=" not in html
    assert 'src="http' not in html


def test_the_static_crisis_page_names_every_way_to_help() -> None:
    html = (STATIC / "crisis.html").read_text()
    for way in ("tel:988", "sms:988", "https://988lifeline.org", "tel:911", "not monitored around the clock", "press 1", "oprima 2"):
        assert way in " ".join(html.split())


def test_there_is_no_mailbox_outside_a_local_trial(alone: TestClient) -> None:
    assert [alone.get(path).status_code for path in ("/mailbox", "/mailbox/k", "/mailbox/k/html")] == [404, 404, 404]


def test_a_mail_is_shown_where_nothing_in_it_can_run(alone: TestClient) -> None:
    mail = SimpleNamespace(
        key="k", received_at=now(), subject="Hi <b>", sender="us@example.com", to="ana@example.com", headers=[("X", "<y>")]
    )
    mail.calendar = "BEGIN:VCALENDAR\nSUMMARY:<b>"
    mail.text, mail.html = "See http://127.0.0.1:8000/c/abc", "<html><head></head><body><script>alert(1)</script></body></html>"
    alone.app.state.mailbox = SimpleNamespace(read_all=lambda: [mail], read_one=lambda key: mail)  # type: ignore[attr-defined]
    assert "Hi &lt;b&gt;" in alone.get("/mailbox").text
    assert 'href="http://127.0.0.1:8000/c/abc"' in alone.get("/mailbox/k").text
    assert "SUMMARY:&lt;b&gt;" in alone.get("/mailbox/k").text
    framed = alone.get("/mailbox/k/html")
    assert "default-src 'none'" in framed.headers["content-security-policy"]
    assert "allow-scripts" not in framed.headers["content-security-policy"] + alone.get("/mailbox/k").text
    assert '<base target="_top">' in framed.text


def test_every_refusal_of_the_form_has_words_in_both_languages() -> None:
    source = "".join(Path(ROOT / "leads" / path).read_text() for path in ("clinic/typed.py", "inquiries/submission.py"))
    codes = ("no_email", "no_phone", "email_or_phone", "no_date", "in_future", "too_long_ago", "too_long", "unknown_choice", "no_yes_or_no")
    for code in codes:
        assert f'"{code}"' in source
        said = {Words(language).of_error(FieldError("any", code, "")) for language in LANGUAGES}
        assert len(said) == 2
        assert "" not in said
