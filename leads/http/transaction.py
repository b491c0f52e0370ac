"""One request, one transaction: committed before the answer goes out."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Annotated, Any

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from leads.db import transaction


async def open_transaction(request: Request) -> AsyncIterator[Session]:
    """Yield the request's session; commits when the handler returns, then nudges the workers."""
    async with _ended_in_a_thread(transaction()) as session:
        yield session
    # After the commit: a worker that looks earlier would not see the row it was woken for.
    if request.method not in ("GET", "HEAD"):
        request.app.state.nudge()


@asynccontextmanager
async def _ended_in_a_thread(opened: AbstractContextManager[Session, Any]) -> AsyncIterator[Session]:
    # To open a session asks nobody for anything, and needs no thread; its end waits for the disk.
    session = opened.__enter__()
    try:
        yield session
    except BaseException as error:
        if not await _end(opened, type(error), error, error.__traceback__):
            raise
    else:
        await _end(opened, None, None, None)


async def _end(opened: AbstractContextManager[Session, Any], *raised: Any) -> Any:
    # Even where the caller has gone, and whether or not a thread is free: those that wait for one may wait for this connection.
    with CancelScope(shield=True):
        return await to_thread.run_sync(opened.__exit__, *raised, limiter=CapacityLimiter(1))


# scope="function": with the default scope the commit would come after the 201 has gone out.
Db = Annotated[Session, Depends(open_transaction, scope="function")]
