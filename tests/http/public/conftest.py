"""A browser without JavaScript, and Ana's form as it would post it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.http.public.traps import stamp
from leads.messages.models import Message
from leads.people.models import Person
from leads.security.tokens import Grant, derive, issue
from tests.the_app import the_app

Send = Callable[..., httpx.Response]


@pytest.fixture
def web(database: None) -> Iterator[TestClient]:
    """The app, as a visitor's browser reaches it."""
    with TestClient(the_app(), follow_redirects=False) as client:
        yield client


def typed(**changes: str) -> dict[str, str]:
    """Ana's form after a calm minute; dots of names are written as two underscores."""
    form = {
        "for_whom": "self",
        "given_name": "Ana",
        "family_name": "Rivera",
        "email": "ana@example.com",
        "phone": "203-555-0123",
        "birth_date": "1985-07-21",
        "office": "woodbury",
        "message": "I would like to know more.",
        "consent.contact": "true",
        "consent.education": "true",
        "consent.wording": "2026-11",
        "opened": stamp(real_now() - timedelta(minutes=1)),
    }
    return form | {name.replace("__", "."): value for name, value in changes.items()}


@pytest.fixture
def send(web: TestClient) -> Send:
    """Post the form: `send(email=…, consent__contact=…)`."""
    return lambda to="/inquire", **changes: web.post(to, data=typed(**changes))


@pytest.fixture
def links(send: Send, session: Session) -> dict[str, str]:
    """The paths in Ana's acknowledgement, working as they do once it went out."""
    assert send().status_code == 303
    message = session.scalars(select(Message)).one()
    person = session.get_one(Person, message.person_id)
    for purpose in ("confirm", "unsubscribe"):
        issue(session, message.id, Grant(purpose, person.id, message.id, message.topic))
    issue(session, person.id, Grant("preferences", person.id))
    session.flush()
    return {
        "confirm": f"/c/{derive('confirm', message.id)}",
        "unsubscribe": f"/u/{derive('unsubscribe', message.id)}",
        "preferences": f"/p/{derive('preferences', person.id)}",
    }


@pytest.fixture
def embedding(monkeypatch: pytest.MonkeyPatch) -> str:
    """A site that may show the form; returns its origin."""
    origin = "https://www.elmharbor.test"
    monkeypatch.setitem(clinic().__dict__, "embed_origins", [origin])
    return origin
