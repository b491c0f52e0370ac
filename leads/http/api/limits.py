"""How much and how often: bodies up to 256 KB, and a generous allowance a second for each key."""

import threading
import time
import uuid

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import settings
from leads.errors import TooMany

LARGEST = 256 * 1024
BURST_SECONDS = 10


class LimitBody:
    """ASGI middleware: refuses a body over 256 KB as soon as its length or its bytes say so, and reads no further."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        seen = int(declared) if declared.isdecimal() else 0

        async def receive_no_more() -> Message:
            nonlocal seen
            if seen > LARGEST:
                raise HTTPException(413)
            message = await receive()
            read.append(len(message.get("body", b"")))
            seen = max(seen, sum(read))
            if seen > LARGEST:
                raise HTTPException(413)
            return message

        read: list[int] = []
        await self.app(scope, receive_no_more, send)


class Allowance:
    """A token bucket a key, in this process: it keeps one caller from starving the others, and costs no round trip."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left: dict[uuid.UUID, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def spend(self, key_id: uuid.UUID) -> None:
        """Take one of the key's requests; raises TooMany with the seconds until the next one is free."""
        at = time.monotonic()
        with self._lock:
            left, since = self._left.get(key_id, (self._burst, at))
            left = min(self._burst, left + (at - since) * self._per_second)
            self._left[key_id] = (max(left - 1, 0.0) if left >= 1 else left, at)
        if left < 1:
            wait = max(1, round((1 - left) / self._per_second))
            raise TooMany(f"This key asks more than {self._per_second:g} times a second. Wait a little.", retry_after=wait)


def allowance() -> Allowance:
    """Return a new allowance as the settings say."""
    per_second = settings().handoff_api_rate
    return Allowance(per_second, per_second * BURST_SECONDS)
