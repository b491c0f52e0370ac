"""How much one request may bring: bodies up to 256 KB; nothing that people type is longer."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 256 * 1024


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
