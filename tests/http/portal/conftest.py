"""A browser of somebody who refers: without JavaScript, carrying the hidden fields of our forms."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy.orm import Session

from leads.http.portal import sign_in
from leads.http.referrer import COOKIE
from leads.loop.models import Referral
from leads.providers.models import Practice, Provider
from leads.providers.sign_in import Referrer, open_session
from tests.referrals.cast import make_referral
from tests.the_app import the_app

ORIGIN = "http://testserver"


class Browser(TestClient):
    """A client that follows our forms."""

    def form(self, path: str, page: str = "/portal", *, files: Any = None, **fields: str) -> Response:
        """Send a form with the token that `page` shows; as multipart where the page would, for a referral's own forms."""
        found = re.search(r'name="csrf" value="([^"]*)"', self.get(page).text)
        data = fields | ({"csrf": found[1]} if found else {})
        if path.startswith("/portal/referrals/") and files is None:
            files = {name: (None, value) for name, value in data.items()}
            data = {}
        return self.post(path, data=data, files=files, follow_redirects=False)

    def come_in(self, session: Session, referral: Referral) -> "Browser":
        """Sign in as the clinician who sent a referral."""
        practice = session.get_one(Practice, referral.practice_id)
        self.cookies.set(COOKIE, open_session(session, Referrer(session.get_one(Provider, referral.provider_id), practice)))
        session.commit()
        return self


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody measures the time of an answer but the one test that does."""
    monkeypatch.setattr(sign_in, "AT_LEAST", 0.0)


@pytest.fixture
def browser(database: None) -> Iterator[Browser]:
    """A browser in which nobody is signed in."""
    with Browser(the_app(), base_url=ORIGIN) as client:
        yield client


@pytest.fixture
def kept(session: Session) -> Referral:
    """Jordan's referral, whose sender may hear of it."""
    return make_referral(session)


@pytest.fixture
def portal(session: Session, browser: Browser, kept: Referral) -> Browser:
    """The clinician who sent it, signed in."""
    return browser.come_in(session, kept)
