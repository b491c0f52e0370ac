"""A browser without a window: signed in as whoever the test needs."""

import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.pipeline.models import Lead
from tests.accounts.cast import PASSWORD, make_account
from tests.cast import make_lead
from tests.the_app import the_app

ORIGIN = "http://testserver"


class Browser(TestClient):
    """A client that follows our forms: it carries their hidden fields."""

    def form(self, path: str, page: str = "", **fields: str) -> Response:
        """Send a form of ours, with the token and version that `page` (the lead's page by default) shows."""
        shown = self.get(page or re.sub(r"(/console/leads/[^/]+)/.*", r"\1", path)).text
        hidden = {name: found[0] for name in ("csrf", "version", "read_at") if (found := hidden_fields(shown, name))}
        return self.post(path, data=hidden | fields, follow_redirects=False)

    def sign_in(self, account: Account, password: str = PASSWORD, next_path: str = "/console") -> Response:
        """Sign in through the page."""
        return self.form("/console/sign-in", page="/console/sign-in", email=account.email or "", password=password, next=next_path)


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
    """Sign in as somebody with the roles named; a coordinator by default."""

    def enter(*roles: str) -> Browser:
        account = make_account(session, *roles)
        session.commit()
        assert browser.sign_in(account).status_code == 303
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
