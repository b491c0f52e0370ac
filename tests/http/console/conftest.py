"""A browser without a window: signed in as whoever the test needs."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.sessions import open_session
from leads.pipeline.models import Lead
from tests.accounts.cast import PASSWORD, make_account
from tests.cast import make_lead
from tests.http.console.says import amiss
from tests.the_app import the_app

ORIGIN = "http://testserver"


class Browser(TestClient):
    """A client that follows our forms: it carries their hidden fields, and is told after each what was done."""

    def request(self, *args: Any, **how: Any) -> Response:
        """Send a request; fails where the page that a form leads to would say nothing of it."""
        answer = super().request(*args, **how)
        assert (wrong := amiss(next(iter(answer.history), answer))) is None, wrong
        return answer

    def form(self, path: str, page: str = "", **fields: str) -> Response:
        """Send a form of ours, with the token and version that `page` (the lead's page by default) shows."""
        shown = self.get(page or re.sub(r"(/console/leads/[^/]+)/.*", r"\1", path)).text
        hidden = {name: found[0] for name in ("csrf", "version", "read_at", "seen") if (found := hidden_fields(shown, name))}
        return self.post(path, data=hidden | fields, follow_redirects=False)

    def sign_in(self, account: Account, password: str = PASSWORD, next_path: str = "/console") -> Response:
        """Sign in through the page."""
        return self.form("/console/sign-in", page="/console/sign-in", email=account.email or "", password=password, next=next_path)

    def come_in(self, session: Session, account: Account, *, proved_both: bool = False) -> str:
        """Carry a session of somebody as if they had signed in, without the cost of a password; returns its secret."""
        secret = open_session(session, account, method="password", proved_both=proved_both)
        session.commit()
        self.cookies.set("handoff_staff", secret, domain="testserver.local", path="/console")
        return secret


def hidden_fields(page: str, name: str) -> list[str]:
    """Return the values of a hidden field."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


@pytest.fixture
def browser(database: None) -> Iterator[Browser]:
    """A browser in which nobody is signed in."""
    with Browser(the_app(), base_url=ORIGIN) as client:
        yield client


@pytest.fixture
def signed_in(session: Session, browser: Browser) -> Callable[..., Browser]:
    """Let somebody in who has the roles named, a coordinator by default; what goes on at the door has tests of its own."""

    def enter(*roles: str) -> Browser:
        browser.come_in(session, make_account(session, *roles))
        return browser

    return enter


@pytest.fixture
def coordinator(signed_in: Callable[..., Browser]) -> Browser:
    """Casey, signed in."""
    return signed_in()


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    """Ana's new lead, opened on Tuesday."""
    made = make_lead(session)
    session.commit()
    return made
