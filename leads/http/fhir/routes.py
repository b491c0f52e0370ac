"""Puts the FHIR server together: its routes, its refusals, and its base address with and without a closing slash."""

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from leads.http.fhir import directory, metadata, outcome, send, subscriptions, tasks

ROUTERS = (metadata.router, send.router, tasks.router, directory.router, subscriptions.router)


def build_fhir() -> FastAPI:
    """Return the sub-app that is mounted at /fhir."""
    fhir = FastAPI(title="Warm Handoff FHIR R4", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    outcome.install(fhir)
    for each in ROUTERS:
        fhir.include_router(each)
    return fhir


class AtBase:
    """ASGI app: the address a transaction is sent to is the base itself, which a mount would answer with a redirect."""

    def __init__(self, mounted: ASGIApp, path: str) -> None:
        self.mounted, self.path = mounted, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.mounted({**scope, "path": f"{self.path}/", "root_path": self.path}, receive, send)
