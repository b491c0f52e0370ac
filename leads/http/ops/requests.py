"""Counting requests by route template and status: never by path, which may carry a token."""

import time
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

registry = CollectorRegistry()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_answered = Counter("handoff_http_requests", "Requests answered by this process.", ("method", "route", "status"), registry=registry)
_took = Histogram("handoff_http_request_seconds", "How long they took.", ("method", "route"), buckets=BUCKETS, registry=registry)


class CountRequests:
    """ASGI middleware: counts each request once it was answered, or broke."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begun = 500, time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            answered, took = _meters(scope["method"] if scope["method"] in METHODS else "other", route_template(scope), status)
            answered.inc()
            took.observe(time.perf_counter() - begun)


@lru_cache(maxsize=4096)
def _meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # To look them up by their labels each time takes longer than to count.
    return _answered.labels(method, route, str(status)), _took.labels(method, route)


def route_template(scope: Scope) -> str:
    """Return the template of the route that answered, such as /c/{token}; `none` where no route did."""
    route = scope.get("route")
    # A router inside a router keeps its own short path; FastAPI tells the whole one beside it.
    whole = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(whole if getattr(whole, "original_route", None) is route else route, "path", None)
    if not isinstance(template, str):
        return "none"
    return template if isinstance(route, Mount) else scope.get("root_path", "") + template
