"""Counts by server-sent events: numbers only, one question for all, and an end when the session ends."""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection, Coroutine, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leads.accounts.models import StaffSession
from leads.accounts.sessions import still_open
from leads.clock import now, real_now
from leads.http.console.live import Hub, Told, Wants, ask, stream
from leads.pipeline.models import Lead
from leads.pipeline.waitlist import wait
from leads.pipeline.worklist import Filters
from tests.accounts.cast import make_account
from tests.cast import ACTOR
from tests.http.console.conftest import Browser

CASEY, ROBIN = uuid.uuid4(), uuid.uuid4()
ALL = Filters()
T = TypeVar("T")


def alone(what: Coroutine[Any, Any, T]) -> T:
    """What came of it, run in a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(asyncio.run, what).result()


class Answers:
    """What the database would say, and how often it was asked."""

    def __init__(self, *rounds: str, there: Set[uuid.UUID] = frozenset({CASEY, ROBIN})) -> None:
        self.rounds, self.there, self.asked = list(rounds), there, 0

    def __call__(self, sessions: Collection[uuid.UUID], wants: Collection[Wants]) -> tuple[Told, Set[uuid.UUID]]:
        self.asked += 1
        words = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        if words == "broken":
            raise OperationalError("select", {}, Exception("gone"))
        return dict.fromkeys(wants, words), self.there


def told_of(account: uuid.UUID = CASEY, filters: Filters = ALL) -> dict[str, dict[str, int]]:
    """What one page is told."""
    wants = Wants(account, filters)
    told: dict[str, dict[str, int]] = json.loads(ask([], [wants])[0][wants])
    return told


async def heard(hub: Hub, who: uuid.UUID, count: int) -> list[str]:
    """The first so many events that one page hears."""
    events = []
    async for event in stream(hub, who, Wants(who, ALL)):
        if event.startswith("event"):
            events.append(event)
        if len(events) == count:
            break
    return events


def test_the_counts_carry_numbers_and_nothing_of_anybody(session: Session, lead: Lead) -> None:
    told = told_of()
    assert told["needs"] == {"new": 1}
    assert told["stages"]["new"] == 1
    assert set(told["tabs"]) == {"inbox", "safety", "quarantine", "merges", "unknown", "scans", "waitlist", "mine"}
    assert all(isinstance(count, int) for counts in told.values() for count in counts.values())


def test_a_page_with_filters_hears_of_what_it_shows(session: Session, lead: Lead) -> None:
    lead.assigned_to = make_account(session).id
    session.commit()
    assert told_of(filters=Filters(office="new-haven"))["needs"] == {}
    assert told_of(filters=Filters(office=lead.office))["needs"] == {"new": 1}
    assert (told_of()["tabs"]["mine"], told_of(lead.assigned_to)["tabs"]["mine"]) == (0, 1)


def test_mine_and_the_waitlist_are_counted_among_what_a_page_shows(
    session: Session, lead: Lead, tuesday: Callable[[timedelta], None]
) -> None:
    lead.assigned_to, lead.reached_at = make_account(session).id, now()
    wait(session, lead.id, now().date() + timedelta(days=14), actor=ACTOR)
    session.commit()
    here, elsewhere = (told_of(lead.assigned_to, Filters(office=each, nobodys=True))["tabs"] for each in (lead.office, "new-haven"))
    assert (here["mine"], elsewhere["mine"]) == (1, 0)
    own, others = (told_of(filters=Filters(office=each))["tabs"]["waitlist"] for each in (lead.office, "new-haven"))
    assert (own, others, told_of()["tabs"]["waitlist"]) == (1, 0, 1)


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
