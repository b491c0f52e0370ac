"""One app for all stories of a process: its first request puts hundreds of routes together, which takes longer than most of them."""

from collections.abc import Callable
from functools import lru_cache

from fastapi import FastAPI
from starlette.routing import Mount

from leads.app import create_app


@lru_cache
def _kept() -> FastAPI:
    return create_app()


def the_app(nudge: Callable[[], None] = lambda: None) -> FastAPI:
    """The app as `create_app(nudge)` makes it: nobody has asked it for anything yet."""
    for kept, new in zip(_parts(_kept()), _parts(create_app(nudge)), strict=True):
        kept.state = new.state
    return _kept()


def _parts(app: FastAPI) -> list[FastAPI]:
    mounted = [route.app for route in app.routes if isinstance(route, Mount)]
    return [app, *(each for each in mounted if isinstance(each, FastAPI))]
