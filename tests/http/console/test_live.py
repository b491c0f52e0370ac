"""Counts by server-sent events: numbers only, one question for all, and an end when the session ends."""

import asyncio
import json
import uuid
from collections.abc import Collection, Coroutine, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leads.accounts.models import StaffSession
from leads.accounts.sessions import still_open
from leads.clock import real_now
from leads.http.console.live import Hub, ask, stream
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.http.console.conftest import Browser

CASEY, ROBIN = uuid.uuid4(), uuid.uuid4()
T = TypeVar("T")


def alone(what: Coroutine[Any, Any, T]) -> T:
    """What came of it, run in a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(asyncio.run, what).result()


class Answers:
    """What the database would say, and how often it was asked."""

    def __init__(self, *rounds: str, there: Set[uuid.UUID] = frozenset({CASEY, ROBIN})) -> None:
        self.rounds, self.there, self.asked = list(rounds), there, 0

    def __call__(self, sessions: Collection[uuid.UUID]) -> tuple[str, Set[uuid.UUID]]:
        self.asked += 1
        words = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        if words == "broken":
            raise OperationalError("select", {}, Exception("gone"))
        return words, self.there


async def heard(hub: Hub, who: uuid.UUID, count: int) -> list[str]:
    """The first so many events that one page hears."""
    events = []
    async for event in stream(hub, who):
        if event.startswith("event"):
            events.append(event)
        if len(events) == count:
            break
    return events


def test_the_counts_carry_numbers_and_nothing_of_anybody(session: Session, lead: Lead) -> None:
    words, _ = ask([])
    told = json.loads(words)
    assert told["needs"] == {"new": 1}
    assert set(told["tabs"]) == {"inbox", "safety", "quarantine", "merges", "unknown", "scans"}
    assert all(isinstance(count, int) for counts in told.values() for count in counts.values())


def test_only_what_changed_is_told_again() -> None:
    hub = Hub(Answers("a", "a", "b"), every=0.01)
    assert alone(heard(hub, CASEY, 2)) == ["event: counts\ndata: a\n\n", "event: counts\ndata: b\n\n"]


def test_ten_pages_ask_as_often_as_one() -> None:
    answers = Answers("a", "b")

    async def ten() -> None:
        hub = Hub(answers, every=0.2)
        await asyncio.gather(*(heard(hub, CASEY, 1) for _ in range(10)))

    alone(ten())
    assert answers.asked <= 2


def test_a_stream_ends_with_its_session() -> None:
    hub = Hub(Answers("a", there=frozenset({ROBIN})), every=0.01)
    assert alone(heard(hub, CASEY, 5)) == ["event: bye\ndata: {}\n\n"]
    assert hub.listeners == set()


def test_a_database_that_is_gone_for_a_moment_ends_nothing() -> None:
    hub = Hub(Answers("broken", "a"), every=0.01)
    assert alone(heard(hub, CASEY, 1)) == ["event: counts\ndata: a\n\n"]


def test_nobody_hears_without_signing_in(browser: Browser) -> None:
    assert browser.get("/console/events").status_code == 401


def test_listening_does_not_keep_a_session_from_ending(session: Session) -> None:
    account = make_account(session)
    at = {"created_at": real_now(), "expires_at": real_now() + timedelta(hours=1)}
    opened = StaffSession(account_id=account.id, hash=b"x", seen_at=real_now(), **at)
    session.add(opened)
    session.flush()
    assert still_open(session, [opened.id]) == {opened.id}
    session.execute(update(StaffSession).values(seen_at=real_now() - timedelta(hours=1)))
    assert still_open(session, [opened.id]) == set()
