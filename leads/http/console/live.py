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
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from leads.accounts.models import Account, StaffSession
from leads.accounts.rights import may
from leads.accounts.sessions import signed_in, still_open
from leads.db import transaction
from leads.errors import Forbidden, Unauthenticated
from leads.http.console.leads_list import read
from leads.http.console.staff import COOKIE
from leads.http.console.waiting import among, waiting
from leads.http.transaction import Db
from leads.pipeline.stages import OPEN_STAGES
from leads.pipeline.worklist import Filters, anybodys, count_at_stages, count_by_need, count_of

EVERY, HEARTBEAT = 3.0, 15.0
# A browser opens the stream anew by itself; so a process that is asked to stop never waits longer for one.
LASTS = 300.0
log = structlog.get_logger(__name__)
router = APIRouter()


@dataclass(frozen=True)
class Wants:
    """What a page is told of: the leads its filters choose, and how many are whose it is."""

    account_id: uuid.UUID
    filters: Filters


@dataclass(eq=False)
class Listener:
    """One open page: whose session it belongs to, what it wants to know, and what it is to be told next."""

    session_id: uuid.UUID
    wants: Wants
    news: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def tell(self, words: str | None) -> None:
        """Hand on what is new in place of what was not read yet; None ends the stream."""
        if self.news.full():
            self.news.get_nowait()
        self.news.put_nowait(words)


Told = Mapping[Wants, str]
Ask = Callable[[Collection[uuid.UUID], Collection[Wants]], tuple[Told, Set[uuid.UUID]]]


def ask(sessions: Collection[uuid.UUID], wants: Collection[Wants]) -> tuple[Told, Set[uuid.UUID]]:
    """Return the counts each page is told, numbers and nothing else, and which of the sessions are still open."""
    with transaction() as session:
        tabs, accounts = waiting(session), {each.account_id for each in wants}
        chosen = {filters: _counts(session, filters, tabs) for filters in {each.filters for each in wants}}
        mine = {filters: count_of(session, accounts, filters) for filters in {anybodys(each.filters) for each in wants}}
        told = {each: _told(chosen[each.filters], mine[anybodys(each.filters)].get(each.account_id, 0)) for each in wants}
        return told, still_open(session, sessions)


def as_words(**counts: Mapping[str, int]) -> str:
    """Return the counts as a page's script reads them."""
    return json.dumps(counts, sort_keys=True, separators=(",", ":"))


def _counts(session: Session, filters: Filters, tabs: Mapping[str, int]) -> dict[str, Mapping[str, int]]:
    needs, stages = count_by_need(session, filters), count_at_stages(session, OPEN_STAGES, filters)
    return {"needs": needs, "stages": stages, "tabs": {**tabs, **among(session, filters)}}


def _told(counts: Mapping[str, Mapping[str, int]], mine: int) -> str:
    return as_words(**{**counts, "tabs": {**counts["tabs"], "mine": mine}})


class Hub:
    """The open pages of this process, and the one loop that asks for them all while there are any."""

    def __init__(self, ask: Ask = ask, every: float = EVERY) -> None:
        self.ask, self.every = ask, every
        self.listeners: set[Listener] = set()
        self.loop: asyncio.Task[None] | None = None

    def join(self, session_id: uuid.UUID, wants: Wants) -> Listener:
        """Return a new listener, and begin to ask if it is the first."""
        listener = Listener(session_id, wants)
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
                here = tuple(self.listeners)
                words, there = await run_in_threadpool(self.ask, {each.session_id for each in here}, {each.wants for each in here})
            except SQLAlchemyError as error:
                # Without news a page is only a little old; the next round tries again.
                log.warning("counts.unread", error=type(error).__name__)
            else:
                told = {each: self._tell(each, words[each.wants], told.get(each), is_open=each.session_id in there) for each in here}
            await asyncio.sleep(self.every)

    def _tell(self, listener: Listener, words: str, before: str | None, *, is_open: bool) -> str:
        if not is_open:
            listener.tell(None)
        elif words != before:
            listener.tell(words)
        return words


hub = Hub()


def listener_of(request: Request, session: Db) -> tuple[Account, StaffSession]:
    """Return whose page this is, and in which session; raises Unauthenticated or Forbidden where there is none that sees leads."""
    # Asked for by a script, not by a person: a page that was left open must not keep its session from ending.
    found = signed_in(session, request.cookies.get(COOKIE, ""), by_hand=False)
    if found is None:
        raise Unauthenticated("Please sign in first.")
    if not may(found[0].roles, "leads.read"):
        raise Forbidden("Your account has no role that sees leads.")
    return found


@router.get("/events")
async def events(request: Request, who: Annotated[tuple[Account, StaffSession], Depends(listener_of)]) -> Response:
    """Tell this page the counts as they change, of the leads its address chooses, until its session ends."""
    account, opened = who
    _, filters = read(request.query_params, account.id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(hub, opened.id, Wants(account.id, filters)), media_type="text/event-stream", headers=headers)


async def stream(hub: Hub, session_id: uuid.UUID, wants: Wants) -> AsyncIterator[str]:
    """Yield what an EventSource reads: counts when they change, a sign of life between, and `bye` when the session has ended."""
    listener = hub.join(session_id, wants)
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
