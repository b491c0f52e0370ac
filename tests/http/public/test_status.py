"""`/r/{token}`: a state for whoever has the link, a name only for who knows the patient."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.loop.models import Referral, StatusOpening
from leads.referrals.ask import ask
from tests.cast import ACTOR
from tests.loop.cast import bring_to
from tests.referrals.cast import granting, make_referral
from tests.referrals.test_open_link import link_of


@pytest.fixture
def kept(session: Session) -> Referral:
    return make_referral(session)


@pytest.fixture
def path(session: Session, kept: Referral) -> str:
    ask(session, kept, ["The last medication list"], actor=ACTOR)
    link = link_of(session, kept)
    session.commit()
    return f"/r/{link}"


def outcomes(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(StatusOpening.outcome).order_by(StatusOpening.id)))


def test_it_shows_our_number_and_the_state_and_nothing_of_the_patient(web: TestClient, session: Session, kept: Referral, path: str) -> None:
    text = web.get(path).text
    assert kept.number in text
    assert "Waiting for information" in text
    assert [word for word in ("Jordan", "Doe", "1985", "0123", "medication", "Rivera", "Riverside") if word in text] == []
    assert outcomes(session) == ["looked"]


def test_a_mail_scanner_leaves_no_trace(web: TestClient, session: Session, path: str) -> None:
    assert web.head(path).status_code == 200
    assert outcomes(session) == []


@pytest.mark.parametrize("detail", [{"birth_date": "1985-07-21"}, {"last_four": "0123"}])
def test_one_detail_shows_the_name_and_what_has_happened(web: TestClient, session: Session, path: str, detail: dict[str, str]) -> None:
    text = web.post(path, data=detail).text
    assert "Jordan Doe" in text
    assert "The last medication list" in text
    assert outcomes(session) == ["shown"]


def test_it_is_asked_again_the_next_time(web: TestClient, path: str) -> None:
    answer = web.post(path, data={"last_four": "0123"})
    assert "set-cookie" not in answer.headers
    assert "Jordan" not in web.get(path).text


def test_a_wrong_detail_says_how_often_one_may_try(web: TestClient, path: str) -> None:
    answer = web.post(path, data={"last_four": "9999"})
    assert answer.status_code == 422
    assert "You can try 4 more times." in answer.text
    assert "Fill in one of the two." in web.post(path, data={}).text


def test_after_five_it_is_closed_to_the_right_detail_too(web: TestClient, session: Session, path: str) -> None:
    for _ in range(5):
        answer = web.post(path, data={"last_four": "9999"})
    assert answer.status_code == 403
    assert "This link is closed" in answer.text
    assert "Jordan" not in web.post(path, data={"last_four": "0123"}).text
    assert outcomes(session) == ["refused"] * 5


def test_without_the_grant_it_says_received_and_asks_for_a_call(web: TestClient, session: Session) -> None:
    referral = bring_to(session, make_referral(session, patient=granting("contact")), "declined")
    path = f"/r/{link_of(session, referral)}"
    session.commit()
    for text in (web.get(path).text, web.post(path, data={"birth_date": "1985-07-21"}).text):
        assert "Received. Please call us" in text
        assert [word for word in ("Declined", "Jordan", "birth_date") if word in text] == []


def test_a_link_that_never_was_is_answered_kindly(web: TestClient) -> None:
    answer = web.get("/r/nothing")
    assert answer.status_code == 404
    assert "not valid any more" in answer.text
