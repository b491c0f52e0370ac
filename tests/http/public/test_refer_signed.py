"""The referral form of somebody signed in: known, saved as it is typed, believed at once."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.http.referrer import COOKIE
from leads.loop.models import Draft, Referral
from leads.providers.models import Practice, Provider
from leads.providers.sign_in import Referrer, open_session, sign_out
from tests.http.public.refer_cast import PDF, refer
from tests.referrals.cast import make_referral, of_patient

AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def referrer(session: Session) -> Referrer:
    sent = make_referral(session)
    return Referrer(session.get_one(Provider, sent.provider_id), session.get_one(Practice, sent.practice_id))


@pytest.fixture
def csrf(session: Session, web: TestClient, referrer: Referrer) -> str:
    """The clinician is signed in; returns what their forms carry."""
    return come_in(session, web, referrer)


def come_in(session: Session, web: TestClient, referrer: Referrer) -> str:
    web.cookies.set(COOKIE, open_session(session, referrer))
    session.commit()
    found = re.search(r'name="csrf" value="([^"]+)"', web.get("/refer").text)
    assert found
    return found[1]


def drafts(session: Session) -> list[Draft]:
    session.expire_all()
    return list(session.scalars(select(Draft)))


def test_the_form_knows_who_is_signed_in(web: TestClient, csrf: str) -> None:
    page = web.get("/refer").text
    assert re.search(r'name="provider.npi"[^>]*value="1234567893"', page)
    assert re.search(r'name="provider.practice"[^>]*value="Riverside Psychiatry"', page)
    assert re.search(r'name="provider.phone"[^>]*value="\(203\) 555-0140"', page)


def test_what_is_typed_is_saved_and_found_again(web: TestClient, session: Session, csrf: str) -> None:
    saved = refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="", note="Half a sent")
    page = web.get("/refer", params={"draft": saved.json()["id"]}).text
    assert "Half a sent</textarea>" in page
    assert "Jordan Doe</a>" in page


def test_typing_on_saves_the_same_draft(web: TestClient, session: Session, csrf: str) -> None:
    first = refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="").json()["id"]
    assert refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft=first, note="more").json()["id"] == first
    assert [(each.content or {})["note"] for each in drafts(session)] == [["more"]]


def test_without_a_script_a_button_saves_and_leads_back(web: TestClient, csrf: str) -> None:
    answer = refer(web, "/refer/draft", documents=[("a.pdf", PDF)], csrf=csrf, draft="")
    assert answer.status_code == 303
    assert web.get(answer.headers["location"]).status_code == 200


def test_a_draft_carries_nothing_of_the_session(web: TestClient, session: Session, csrf: str) -> None:
    refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="")
    assert not {"csrf", "draft", "attachments"} & set(drafts(session)[0].content or {})


def test_a_draft_that_was_sent_is_gone_and_its_sender_believed(web: TestClient, session: Session, csrf: str) -> None:
    draft = refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="").json()["id"]
    answer = refer(web, csrf=csrf, draft=draft, patient__family_name="Poe", opened="")
    assert answer.status_code == 201
    newest = session.scalars(select(Referral).order_by(Referral.serial.desc()).limit(1)).one()
    assert (newest.channel, newest.is_verified, drafts(session)) == ("portal", True, [])
    assert f"/portal/referrals/{newest.number}" in answer.text


def test_a_discarded_draft_is_gone(web: TestClient, session: Session, csrf: str) -> None:
    draft = refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="").json()["id"]
    assert refer(web, "/refer/draft/discard", csrf=csrf, draft=draft).status_code == 303
    assert drafts(session) == []


def test_anothers_draft_is_not_there(web: TestClient, session: Session, csrf: str) -> None:
    draft = refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="").json()["id"]
    sent = make_referral(session, practice="Harbor Family Medicine", patient=of_patient(given_name="Kim"))
    theirs = come_in(session, web, Referrer(session.get_one(Provider, sent.provider_id), session.get_one(Practice, sent.practice_id)))
    assert "Jordan Doe" not in web.get("/refer").text
    assert web.get("/refer", params={"draft": draft}).status_code == 404
    assert refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=theirs, draft=draft).status_code == 404
    refer(web, "/refer/draft/discard", csrf=theirs, draft=draft)
    assert len(drafts(session)) == 1


@pytest.mark.parametrize("draft", ["x", "", "01a208f1-08bf-73d2-a583-ee1f083c8c5b"])
def test_a_draft_that_is_none_breaks_nothing(web: TestClient, csrf: str, draft: str) -> None:
    assert web.get("/refer", params={"draft": draft}).status_code in (200, 404)


def test_ticks_do_not_outlive_their_words(web: TestClient, csrf: str) -> None:
    old: dict[str, Any] = {"patient__consent__contact": "true", "patient__consent__wording": "2001-01"}
    draft = refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="", **old).json()["id"]
    page = web.get("/refer", params={"draft": draft}).text
    assert not re.search(r'name="patient.consent.contact"[^>]*checked', page)


def test_another_site_saves_and_sends_nothing(web: TestClient, session: Session, csrf: str) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert refer(web, "/refer/draft", headers=AS_SCRIPT | elsewhere, csrf="x", draft="").status_code == 403
    assert refer(web, headers=elsewhere, csrf="x").status_code == 403
    assert (drafts(session), session.scalar(select(func.count()).select_from(Referral))) == ([], 1)


def test_a_page_older_than_the_session_is_sent_once_more(web: TestClient, csrf: str) -> None:
    answer = refer(web, csrf="of-the-session-before", note="Kept.")
    assert answer.status_code == 422
    assert "send it again" in answer.text
    assert "Kept.</textarea>" in answer.text
    assert f'value="{csrf}"' in answer.text


def test_who_was_signed_out_meanwhile_is_told_and_loses_nothing(web: TestClient, session: Session, csrf: str) -> None:
    sign_out(session, web.cookies[COOKIE])
    session.commit()
    answer = refer(web, csrf=csrf, note="Kept.")
    assert answer.status_code == 422
    assert "signed out" in answer.text
    assert "Kept.</textarea>" in answer.text
    assert refer(web, "/refer/draft", headers=AS_SCRIPT, csrf=csrf, draft="").status_code == 401
