"""Builds the ASGI app: mounts the surfaces, error pages, request id, security headers."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import State
from starlette.routing import Route

from leads.http import errors
from leads.http.api import limits
from leads.http.api.routes import build_api
from leads.http.console.routes import router as console
from leads.http.fhir.routes import AtBase, build_fhir
from leads.http.headers import SafeHeaders
from leads.http.limit_body import LimitBody
from leads.http.ops.requests import CountRequests
from leads.http.ops.routes import router as ops
from leads.http.portal.routes import router as portal
from leads.http.public.routes import router as public
from leads.http.webhooks.routes import router as webhooks


def create_app(nudge: Callable[..., None] = lambda **_: None) -> FastAPI:
    """Return the web app; `nudge` is called after each commit, and its loss costs seconds."""
    app, api, fhir = FastAPI(title="Warm Handoff", openapi_url=None, docs_url=None, redoc_url=None), build_api(), build_fhir()
    begin(app, api, fhir, nudge)
    for each, as_json in ((app, False), (api, True)):
        errors.install(each, as_json=as_json)
    app.mount("/api", api)
    app.router.routes.append(Route("/fhir", AtBase(fhir, "/fhir")))
    app.mount("/fhir", fhir)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "http" / "static"), name="static")
    for router in (ops, webhooks, public, portal, console):
        app.include_router(router)
    app.add_middleware(LimitBody)
    app.add_middleware(SafeHeaders)
    app.add_middleware(CountRequests)
    return app


def begin(app: FastAPI, api: FastAPI, fhir: FastAPI, nudge: Callable[..., None]) -> None:
    """Give the app and what is mounted in it all that they keep between requests: nobody has asked them for anything yet."""
    app.state = State({"nudge": nudge})
    # What a key may ask is one allowance at both doors, and who tries wrong keys at one has as few left at the other.
    kept = {"nudge": nudge, "allowance": limits.allowance(), "wrong_keys": limits.wrong_keys()}
    api.state, fhir.state = State(kept), State(kept.copy())
