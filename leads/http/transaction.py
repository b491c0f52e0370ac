"""One request, one transaction: committed before the answer goes out."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Annotated

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from leads.db import transaction


async def open_transaction(request: Request) -> AsyncIterator[Session]:
    """Yield the request's session; commits when the handler returns, then nudges the workers."""
    opened = transaction()
    # A session asks nobody until it is asked: to open it needs no thread, to end it does.
    session = opened.__enter__()
    try:
        yield session
    except BaseException as error:
        await _end(opened, error)
        raise
    await _end(opened, None)
    # After the commit: a worker that looks earlier would not see the row it was woken for.
    if request.method not in ("GET", "HEAD"):
        request.app.state.nudge()


async def _end(opened: AbstractContextManager[Session], error: BaseException | None) -> None:
    # With a limit of its own: were every thread waiting for a connection, whoever has one could not give it back.
    # Shielded: that the caller hung up changes nothing about what is done.
    with CancelScope(shield=True):
        end = partial(opened.__exit__, type(error) if error else None, error, error.__traceback__ if error else None)
        try:
            await to_thread.run_sync(end, limiter=CapacityLimiter(1))
        except BaseException as raised:
            if raised is not error:
                raise


# scope="function": with the default scope the commit would come after the 201 has gone out.
Db = Annotated[Session, Depends(open_transaction, scope="function")]
