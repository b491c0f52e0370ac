"""`/s/{token}`: nobody gets in without a detail of the person, nothing acts on GET, and nobody is told a score."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads import clock
from leads.consent.ledger import open_holds
from leads.http.public import screening as pages
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.screening.models import Screening, ScreeningAnswers, ScreeningTry
from leads.security.tokens import Grant, issue
from tests.cast import make_confirmed_person, make_lead
from tests.http.public.test_page_use import PEOPLE, used

FOUR = {"last_four": "0123"}


@pytest.fixture
def lead(session: Session) -> Lead:
    return make_lead(session, make_confirmed_person(session, birth_date="1985-07-21", phone="+12035550123"), stage="screening")


@pytest.fixture
def path(session: Session, lead: Lead) -> str:
    mail = post(session, lead.person_id, "screening-invitation", cause="test", lead_id=lead.id)
    session.flush()
    text = issue(session, mail.id, Grant("screening", lead.person_id, mail.id))
    session.commit()
    return f"/s/{text}"


@pytest.fixture
def inside(web: TestClient, path: str) -> str:
    """The same path, for a browser that has named a detail."""
    assert web.post(path, data=FOUR, follow_redirects=False).status_code == 303
    return path


def rows(session: Session, table: type) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_mail_scanner_that_looks_in_changes_nothing(web: TestClient, session: Session, path: str) -> None:
    assert web.head(path).status_code == 200
    assert web.get(path).status_code == 200
    assert (rows(session, Screening), rows(session, ScreeningTry)) == (0, 0)


def test_the_first_page_names_nobody(web: TestClient, path: str, lead: Lead) -> None:
    text = web.get(path).text
    assert [word for word in ("Alma", "1985", "0123", "depress") if word in text] == []


@pytest.mark.parametrize("where", ["health", "look-over", "sent", "help"])
def test_without_a_detail_every_page_leads_to_the_beginning(web: TestClient, path: str, where: str) -> None:
    answer = web.get(f"{path}/{where}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?language=en")


def test_without_a_detail_nothing_is_kept_or_sent(web: TestClient, session: Session, path: str) -> None:
    for where in ("health", "send"):
        assert web.post(f"{path}/{where}", data={"psychosis": "no"}, follow_redirects=False).status_code == 303
    assert (rows(session, Screening), rows(session, ScreeningAnswers)) == (0, 0)


def test_a_wrong_detail_is_answered_and_counted(web: TestClient, session: Session, path: str) -> None:
    answer = web.post(path, data={"last_four": "9999"})
    assert answer.status_code == 422
    assert "Tries left: 4" in answer.text
    assert rows(session, ScreeningTry) == 1


def test_the_cookie_of_one_link_opens_no_other(web: TestClient, session: Session, inside: str, lead: Lead) -> None:
    mail = post(session, lead.person_id, "screening-reminder-1", cause="test", lead_id=lead.id)
    session.flush()
    other = issue(session, mail.id, Grant("screening", lead.person_id, mail.id))
    session.commit()
    cookie = web.cookies.get("screening", path=inside)
    answer = web.get(f"/s/{other}/health", headers={"Cookie": f"screening={cookie}"}, follow_redirects=False)
    assert answer.headers["location"].startswith(f"/s/{other}?")


@pytest.mark.parametrize("cookie", ["", "x", "9999999999.", "1.deadbeef", "²³.x"])
def test_a_made_up_cookie_opens_nothing(web: TestClient, path: str, cookie: str) -> None:
    answer = web.get(f"{path}/health", headers={"Cookie": f"screening={cookie}".encode()}, follow_redirects=False)
    assert answer.headers["location"].startswith(f"{path}?")


def test_half_an_hour_later_the_detail_is_asked_again(web: TestClient, inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert web.get(f"{inside}/health").status_code == 200
    later = clock.real_now() + timedelta(minutes=31)
    monkeypatch.setattr(pages, "real_now", lambda: later)
    assert web.get(f"{inside}/health", follow_redirects=False).status_code == 303


def test_no_page_is_kept_by_the_browser(web: TestClient, inside: str) -> None:
    assert web.get(f"{inside}/health").headers["cache-control"] == "no-store"


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(web: TestClient, inside: str) -> None:
    typed = {"trials.1.drug": "sertraline", "trials.1.weeks": "ten", "other-treatments": "walks"}
    answer = web.post(f"{inside}/treatments", data=typed)
    assert answer.status_code == 422
    assert [word for word in ("sertraline", 'value="ten"', "walks") if word not in answer.text] == []


def test_a_disclosure_leads_to_help_and_holds(web: TestClient, session: Session, inside: str, lead: Lead) -> None:
    answer = web.post(f"{inside}/safety", data={"safety": "yes"}, follow_redirects=False)
    assert "/help?" in answer.headers["location"]
    assert "988" in web.get(answer.headers["location"]).text
    session.expire_all()
    assert open_holds(session, lead.person_id)


def test_with_nobody_on_call_the_page_says_whom_to_call_instead(web: TestClient, inside: str) -> None:
    for page in ("mood", "safety"):
        text = web.get(f"{inside}/{page}").text
        assert "One question we ask in person" in text
        assert "better off dead" not in text


def test_sent_shows_thanks_and_no_score(web: TestClient, session: Session, inside: str) -> None:
    web.post(f"{inside}/mood", data={"phq-9.sleep": "3", "phq-9.down": "3"})
    text = web.post(f"{inside}/send", follow_redirects=True).text
    assert "Thank you. We have it." in text
    assert [word for word in ("PHQ", "score", "severe", "clinicians-look", "needs-information") if word in text] == []


def test_sent_twice_is_sent_once_and_every_page_leads_to_the_thanks(web: TestClient, session: Session, inside: str) -> None:
    web.post(f"{inside}/send")
    for answer in (web.post(f"{inside}/send", follow_redirects=False), web.get(f"{inside}/health", follow_redirects=False)):
        assert answer.headers["location"].startswith(f"{inside}/sent")
    assert rows(session, Screening) == 1


def test_a_page_that_is_not_there_says_so(web: TestClient, inside: str) -> None:
    assert web.get(f"{inside}/nonsense").status_code == 404
    assert web.post(f"{inside}/nonsense").status_code == 404


def test_it_speaks_the_persons_language(web: TestClient, session: Session, path: str, lead: Lead) -> None:
    assert "Antes de su primera cita" in web.get(f"{path}?language=es").text


def test_that_somebody_opened_the_questions_is_on_record_once_that_day(web: TestClient, session: Session, path: str) -> None:
    for _ in range(2):
        web.get(path, headers=PEOPLE)
    assert used(session) == ["person screening"]
