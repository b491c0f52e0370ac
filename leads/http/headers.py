"""What every answer carries: a request id and the headers that keep a browser safe."""

import uuid

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import settings

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def content_policy(**changes: str) -> str:
    """Return our Content-Security-Policy; `frame_ancestors=...` changes that directive."""
    return "; ".join(
        f"{name} {value}" for name, value in (POLICY | {key.replace("_", "-"): value for key, value in changes.items()}).items()
    )


class SafeHeaders:
    """ASGI middleware: a request id, no caching of pages, no referrer (addresses carry tokens), a strict content policy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                dress(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_safely)


def dress(headers: MutableHeaders) -> None:
    """Add what every answer carries, where the page has not said otherwise itself."""
    headers["X-Request-Id"] = structlog.contextvars.get_contextvars().get("request_id", "")
    said = {name for name, _ in headers.raw}
    # Straight, for every answer passes here: to ask for each anew whether it is there takes as long as all of it together.
    headers.raw.extend(each for each in SAFE if each[0] not in said)
    if settings().public_url.startswith("https://"):
        # Only behind TLS: sent from a trial on plain HTTP, browsers would lock themselves out of this host for two years.
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"


SAFE = [
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": content_policy(),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    }.items()
]
