"""Counts that keep up by themselves: one question for all open pages of a process, told to each as server-sent events."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Set
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from leads.accounts.rights import may
from leads.accounts.sessions import signed_in, still_open
from leads.db import transaction
from leads.errors import Forbidden, Unauthenticated
from leads.http.console.staff import COOKIE
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.pipeline.worklist import Filters, count_by_need

EVERY, HEARTBEAT = 3.0, 15.0
# A browser opens the stream anew by itself; so a process that is asked to stop never waits longer for one.
LASTS = 300.0
log = structlog.get_logger(__name__)
router = APIRouter()


@dataclass(eq=False)
class Listener:
    """One open page: whose session it belongs to, and what it is to be told next."""

    session_id: uuid.UUID
    news: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def tell(self, words: str | None) -> None:
        """Hand on what is new in place of what was not read yet; None ends the stream."""
        if self.news.full():
            self.news.get_nowait()
        self.news.put_nowait(words)


Ask = Callable[[Collection[uuid.UUID]], tuple[str, Set[uuid.UUID]]]


def ask(sessions: Collection[uuid.UUID]) -> tuple[str, Set[uuid.UUID]]:
    """Return the counts as every page is told them, numbers and nothing else, and which of the sessions are still open."""
    with transaction() as session:
        return as_words(count_by_need(session, Filters()), waiting(session)), still_open(session, sessions)


def as_words(needs: Mapping[str, int], tabs: Mapping[str, int]) -> str:
    """Return the counts as a page's script reads them."""
    return json.dumps({"needs": needs, "tabs": tabs}, sort_keys=True, separators=(",", ":"))


class Hub:
    """The open pages of this process, and the one loop that asks for them all while there are any."""

    def __init__(self, ask: Ask = ask, every: float = EVERY) -> None:
        self.ask, self.every = ask, every
        self.listeners: set[Listener] = set()
        self.loop: asyncio.Task[None] | None = None

    def join(self, session_id: uuid.UUID) -> Listener:
        """Return a new listener, and begin to ask if it is the first."""
        listener = Listener(session_id)
        self.listeners.add(listener)
        if self.loop is None or self.loop.done():
            self.loop = asyncio.create_task(self._go_on())
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a page that was closed."""
        self.listeners.discard(listener)

    async def _go_on(self) -> None:
        told: dict[Listener, str] = {}
        while self.listeners:
            try:
                words, there = await run_in_threadpool(self.ask, {each.session_id for each in self.listeners})
            except SQLAlchemyError as error:
                # Without news a page is only a little old; the next round tries again.
                log.warning("counts.unread", error=type(error).__name__)
            else:
                told = {each: self._tell(each, words, told.get(each), is_open=each.session_id in there) for each in tuple(self.listeners)}
            await asyncio.sleep(self.every)

    def _tell(self, listener: Listener, words: str, before: str | None, *, is_open: bool) -> str:
        if not is_open:
            listener.tell(None)
        elif words != before:
            listener.tell(words)
        return words


hub = Hub()


def session_of(request: Request, session: Db) -> uuid.UUID:
    """Return the id of the session this page belongs to; raises Unauthenticated or Forbidden where there is none that sees leads."""
    # Asked for by a script, not by a person: a page that was left open must not keep its session from ending.
    found = signed_in(session, request.cookies.get(COOKIE, ""), by_hand=False)
    if found is None:
        raise Unauthenticated("Please sign in first.")
    if not may(found[0].roles, "leads.read"):
        raise Forbidden("Your account has no role that sees leads.")
    return found[1].id


@router.get("/events")
async def events(who: Annotated[uuid.UUID, Depends(session_of)]) -> Response:
    """Tell this page the counts as they change, until its session ends."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(hub, who), media_type="text/event-stream", headers=headers)


async def stream(hub: Hub, session_id: uuid.UUID) -> AsyncIterator[str]:
    """Yield what an EventSource reads: counts when they change, a sign of life between, and `bye` when the session has ended."""
    listener = hub.join(session_id)
    ends = asyncio.get_running_loop().time() + LASTS
    try:
        yield "retry: 3000\n\n"
        while asyncio.get_running_loop().time() < ends:
            try:
                words = await asyncio.wait_for(listener.news.get(), HEARTBEAT)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            yield f"event: counts\ndata: {words}\n\n" if words else "event: bye\ndata: {}\n\n"
            if words is None:
                return
    finally:
        hub.leave(listener)
