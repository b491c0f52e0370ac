"""Another practice's referral is not there: on no page of the portal, whoever asks and however."""

from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.loop.models import Attachment, Referral, ReferralEvent
from leads.referrals.attach import attach
from tests.http.portal.conftest import Browser
from tests.referrals.cast import make_referral, of_patient, raw_referral
from tests.the_app import the_app

OUTSIDE = {"/portal/sign-in", "/portal/enter/{link}", "/portal/sign-out"}
NAMES = ("Jordan", "Doe", "1985-07-21", "report", "Riverside")


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path under /portal, as the app itself has them."""
    for route in iter_route_contexts(the_app().routes):
        path = getattr(route, "path", "") or ""
        for method in sorted(getattr(route, "methods", None) or ()) if path.startswith("/portal") else ():
            yield method, path


@pytest.fixture
def stranger(session: Session, browser: Browser, kept: Referral) -> Browser:
    """A clinician of another practice, signed in; the first one's referral has a document."""
    attach(session, kept, "report.pdf", b"%PDF-1.7", actor="test")
    patient = of_patient(given_name="Mina", family_name="Okafor", email="mina@example.com", phone="203-555-0177")
    provider = raw_referral()["provider"] | {"npi": "1993999998", "email": "oak@oak.test"}
    theirs = make_referral(session, practice="Oak Street Psychiatry", patient=patient, provider=provider)
    return browser.come_in(session, theirs)


def send(browser: Browser, method: str, path: str) -> tuple[int, str]:
    fields = {"text": "Here it is.", "reason": "No need.", "q": "Jordan", "notify": "each", "to": "provider:1"}
    answer = browser.form(path, **fields) if method == "POST" else browser.request(method, path, follow_redirects=False)
    return answer.status_code, answer.text


def test_the_walk_meets_every_page() -> None:
    assert {path for _, path in routes()} >= {"/portal", "/portal/find", "/portal/referrals/{which}", "/portal/preferences"}
    assert len([path for _, path in routes() if "{which}" in path]) >= 4


@pytest.mark.parametrize(("method", "path"), [each for each in routes() if "{which}" in each[1]])
@pytest.mark.parametrize("by", ["id", "number"])
def test_it_is_not_found_by_a_stranger(session: Session, stranger: Browser, kept: Referral, method: str, path: str, by: str) -> None:
    missing = send(stranger, method, path.replace("{which}", "R-999999"))
    assert send(stranger, method, path.replace("{which}", str(getattr(kept, by)))) == missing
    assert missing[0] == 404
    session.expire_all()
    assert session.scalars(select(ReferralEvent.event).where(ReferralEvent.referral_id == kept.id)).all() == ["package"]
    assert len(session.scalars(select(Attachment)).all()) == 1


@pytest.mark.parametrize(("method", "path"), [each for each in routes() if "{which}" not in each[1] and each[1] not in OUTSIDE])
def test_no_other_page_names_it(stranger: Browser, kept: Referral, method: str, path: str) -> None:
    text = send(stranger, method, path.replace("{mistyped:path}", f"x/{kept.id}"))[1].replace('value="Jordan"', "")
    assert [name for name in (*NAMES, kept.number) if name in text] == []


@pytest.mark.parametrize(("method", "path"), [each for each in routes() if each[1] not in OUTSIDE])
def test_without_a_session_there_is_only_the_door(session: Session, browser: Browser, kept: Referral, method: str, path: str) -> None:
    session.commit()
    answer = browser.request(method, path.replace("{which}", kept.number), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/sign-in")
