"""One request, one transaction: committed before the answer goes out."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from leads.db import transaction


def open_transaction(request: Request) -> Iterator[Session]:
    """Yield the request's session; commits when the handler returns, then nudges the workers."""
    with transaction() as session:
        yield session
    # After the commit: a worker that looks earlier would not see the row it was woken for.
    if request.method not in ("GET", "HEAD"):
        request.app.state.nudge()


# scope="function": with the default scope the commit would come after the 201 has gone out.
Db = Annotated[Session, Depends(open_transaction, scope="function")]
