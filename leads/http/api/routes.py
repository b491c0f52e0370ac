"""Puts the API together: its routes, its limits, its refusals and its description."""

from typing import Any

from fastapi import FastAPI

from leads.http.api import docs, inquiries, leads, limits, refusals
from leads.http.api.example import inquiry

ABOUT = (
    "Hand on inquiries and read what became of them. Fields are snake_case, times ISO 8601 with offset, ids UUIDv7; "
    "a lead's `number` is what people say on the phone."
)


class Api(FastAPI):
    """The sub-app at /api."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, with an inquiry that would be accepted as its example."""
        document = super().openapi()
        body = document["paths"]["/v1/inquiries"]["post"]["requestBody"]["content"]["application/json"]
        body["example"] = inquiry()
        return document


def build_api() -> FastAPI:
    """Return the sub-app that is mounted at /api."""
    api = Api(
        title="Warm Handoff API",
        version="1",
        description=ABOUT,
        servers=[{"url": "/api"}],
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.allowance = limits.allowance()
    refusals.install(api)
    for each in (inquiries.router, leads.router, docs.router):
        api.include_router(each)
    return api
