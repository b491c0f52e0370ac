"""A message that is due, a server to take it, and a carrier between them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from sqlalchemy.orm import Session

from leads.clinic.profile import Mail, clinic
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.pace import pace
from leads.people.models import Person
from tests.cast import make_confirmed_person
from tests.smtp_server import ScriptedServer


@pytest.fixture(params=[False, True], ids=["one-by-one", "pipelined"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    """A mail server that takes everything until told otherwise; one that takes commands one by one, and one that takes several."""
    server = ScriptedServer(pipelining=request.param)
    yield server
    server.stop()


@pytest.fixture
def carrier(server: ScriptedServer) -> Iterator[SmtpCarrier]:
    """A carrier to that server."""
    carrier = SmtpCarrier(server.url, helo="mail.elmharbor.test")
    yield carrier
    carrier.close()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what clinic.yml says under `mail`."""

    def change(**mail: object) -> None:
        monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | mail))

    return change


@pytest.fixture
def an_empty_queue(redis_url: str) -> Iterator[None]:
    """Nobody before this test has left a place taken in what all share."""
    redis.Redis.from_url(redis_url).flushall()
    pace.cache_clear()
    yield
    pace.cache_clear()


@pytest.fixture
def person(session: Session) -> Person:
    """Somebody who may be written to."""
    return make_confirmed_person(session)


@pytest.fixture
def due(session: Session, person: Person) -> Callable[..., Message]:
    """Makes a message that is due now."""

    def make(template: str = "office-location", **changes: Any) -> Message:
        values: dict[str, Any] = {"cause": "test", "facts": {"office": "woodbury"}} | changes
        message = post(session, values.pop("person_id", person.id), template, **values)
        session.flush()
        return message

    return make
