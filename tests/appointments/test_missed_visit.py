"""Nobody came: the next business day brings a warm mail, and its link still leads back to a colleague."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.appointments.arrive import attended, no_show
from leads.appointments.models import Appointment
from leads.clock import now
from leads.db import transaction
from leads.messages.carriers.base import Carrier
from leads.messages.carriers.known import open_carrier
from leads.messages.deliver import drain
from leads.messages.models import LANES
from leads.todos.models import Todo
from tests.appointments.links import booked_visit
from tests.cast import ACTOR
from tests.conftest import Mailbox
from tests.http.public.conftest import web

__all__ = ["web"]
pytestmark = pytest.mark.committed
Verb = Callable[..., Appointment]
WARM = "Would another day be better?"
AFTERWARDS = "Some things to read, at your own pace"


@pytest.fixture
def carrier(mailbox: Mailbox) -> Iterator[Carrier]:
    """The way to the mailbox."""
    made = open_carrier()
    yield made
    made.close()


@pytest.fixture
def after(database: None, tuesday: Callable[[timedelta], None], mailbox: Mailbox, carrier: Carrier) -> Callable[[Verb], list[str]]:
    """Let a visit go by, say how it went, and return the subjects of all that arrived by the second morning after it."""

    def go_on(verb: Verb) -> list[str]:
        with transaction() as session:
            visit = booked_visit(session)
            ends, visit_id = visit.ends_at, visit.id
        tuesday(ends - now())
        with transaction() as session:
            verb(session, visit_id, version=session.get_one(Appointment, visit_id).version, actor=ACTOR)
        for _ in range(48):
            tuesday(timedelta(hours=1))
            drain(LANES, carrier=carrier)
        return [mail.subject for mail in mailbox.messages]

    return go_on


def test_who_did_not_come_is_asked_warmly_and_once(after: Callable[[Verb], list[str]]) -> None:
    assert after(no_show).count(WARM) == 1


def test_who_came_hears_once_what_may_help_afterwards(after: Callable[[Verb], list[str]]) -> None:
    assert after(attended).count(AFTERWARDS) == 1


def test_who_did_not_come_is_sent_nothing_to_read(after: Callable[[Verb], list[str]]) -> None:
    assert AFTERWARDS not in after(no_show)


def test_who_came_is_not_asked(after: Callable[[Verb], list[str]]) -> None:
    assert WARM not in after(attended)


def test_its_link_still_leads_back_to_a_colleague(after: Callable[[Verb], list[str]], mailbox: Mailbox, web: TestClient) -> None:
    after(no_show)
    letter = next(mail for mail in mailbox.messages if mail.subject == WARM)
    found = re.search(r"/a/[\w-]{43}", letter.text)
    assert found is not None
    assert "it is all right" in web.get(found[0]).text
    assert web.post(f"{found[0]}/ask", data={"text": "A Thursday, please."}).status_code == 303
    with transaction() as session:
        todo = session.scalars(select(Todo).where(Todo.kind == "rebook", Todo.done_at.is_(None))).one()
        assert "A Thursday, please." in (todo.note or "")
