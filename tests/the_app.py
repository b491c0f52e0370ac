"""One app for all stories of a process: to put its hundreds of routes together takes longer than most of them."""

from collections.abc import Callable
from functools import lru_cache

from fastapi import FastAPI
from starlette.routing import Mount

from leads.app import begin, create_app


@lru_cache
def _kept() -> tuple[FastAPI, FastAPI, FastAPI]:
    app = create_app()
    mounted = {route.path: route.app for route in app.routes if isinstance(route, Mount)}
    api, fhir = mounted["/api"], mounted["/fhir"]
    assert isinstance(api, FastAPI)
    assert isinstance(fhir, FastAPI)
    return app, api, fhir


def the_app(nudge: Callable[..., None] = lambda **_: None) -> FastAPI:
    """The app as `create_app(nudge)` makes it: nobody has asked it for anything yet."""
    begin(*_kept(), nudge)
    return _kept()[0]
