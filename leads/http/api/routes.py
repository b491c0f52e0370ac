"""Puts the API together: its routes, its refusals and its description."""

from typing import Any

from fastapi import FastAPI

from leads.http.api import appointments, docs, inquiries, leads, referrals, refusals
from leads.http.api.caller import REF
from leads.http.api.example import appointment, inquiry, referral
from leads.inquiries.submission import Submission

ABOUT = (
    "Hand on inquiries, refer patients, book visits, and read what became of them. Fields are snake_case, times ISO 8601 with offset, "
    "ids UUIDv7; a lead's or referral's `number` is what people say on the phone. "
    "Record systems may speak FHIR R4 instead: see `/fhir/metadata`."
)


class Api(FastAPI):
    """The sub-app at /api."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, with an inquiry, a referral and a visit as its examples."""
        document = super().openapi()
        schema = Submission.model_json_schema(ref_template=REF)
        document["components"]["schemas"] |= {**schema.pop("$defs", {}), Submission.__name__: schema}
        examples = {"/v1/inquiries": inquiry(), "/v1/referrals": referral(), "/v1/appointments": appointment()}
        for path, example in examples.items():
            document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"] = example
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
    refusals.install(api)
    for each in (inquiries.router, referrals.router, leads.router, appointments.router, docs.router):
        api.include_router(each)
    return api
