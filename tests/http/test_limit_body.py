"""A body may be 256 KB: told by its declared length, or by its bytes where that is missing or a lie."""

from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from leads.http.limit_body import LARGEST, LARGEST_UPLOAD, LimitBody

EDGE = b"x" * LARGEST


async def _read(scope: Scope, receive: Receive, _send: Send) -> None:
    scope["read"] = await Request(scope, receive).body()


def read(*chunks: bytes, declared: str | None = None, path: str = "/inquire") -> bytes:
    """Return what an app behind the limit reads of a request that arrives in these chunks."""
    headers = [] if declared is None else [(b"content-length", declared.encode())]
    scope: dict[str, Any] = {"type": "http", "path": path, "method": "POST", "headers": headers}
    coming = [*chunks]

    async def receive() -> Message:
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    # In a thread of its own: a browser in this process has an event loop running in the test's.
    with start_blocking_portal() as portal:
        portal.call(LimitBody(_read), scope, receive, _send_nothing)
    return bytes(scope["read"])


async def _send_nothing(_: Message) -> None: ...


def test_a_body_of_just_the_limit_passes() -> None:
    assert read(EDGE, declared=str(LARGEST)) == EDGE


def test_a_body_in_pieces_passes_whole() -> None:
    assert read(b"a", b"b", b"c") == b"abc"


@pytest.mark.parametrize("declared", [str(LARGEST + 1), "9" * 5000])
def test_a_body_declared_too_long_is_refused_before_it_is_read(declared: str) -> None:
    with pytest.raises(HTTPException) as refused:
        read(b"", declared=declared)
    assert refused.value.status_code == 413


@pytest.mark.parametrize("declared", [None, "5", "nonsense", "-1"])
def test_a_body_longer_than_it_says_is_refused_by_its_bytes(declared: str | None) -> None:
    with pytest.raises(HTTPException) as refused:
        read(EDGE, b"x", declared=declared)
    assert refused.value.status_code == 413


@pytest.mark.parametrize("path", ["/refer", "/portal/referrals/R-000001/documents"])
def test_a_form_that_takes_documents_may_be_longer(path: str) -> None:
    assert len(read(EDGE, EDGE, path=path)) == 2 * LARGEST
    with pytest.raises(HTTPException):
        read(b"", declared=str(LARGEST_UPLOAD + 1), path=path)


def test_an_address_that_only_begins_alike_may_not() -> None:
    with pytest.raises(HTTPException):
        read(EDGE, EDGE, path="/refer/providers")
