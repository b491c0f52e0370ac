"""Every refusal of the API, documented once, and the two that carry more than words."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from leads.errors import StaleVersion, Unauthenticated
from leads.http.api.answers import LeadSummary, NewerStateProblem, Problem
from leads.http.api.appointment_answers import AppointmentDetails
from leads.http.errors import in_json

REFUSALS: dict[int, str] = {
    400: "Malformed: the body is not JSON that can be read.",
    401: "The API key is missing, unknown or revoked.",
    403: "The key lacks the scope, which is named, or what was asked is for people only.",
    404: "There is no such thing.",
    409: "Conflict: the Idempotency-Key came with another body, or somebody was faster.",
    412: "If-Match is missing or is not an ETag of ours.",
    413: "The body is larger than 256 KB.",
    422: "Fields cannot be accepted; each is named in `errors`.",
    429: "Too often; wait as many seconds as Retry-After says.",
    500: "Something went wrong on our side; nothing was half kept.",
}
Answers = dict[int | str, dict[str, Any]]
CARRIED = {401: ("WWW-Authenticate", "string", "`Bearer`"), 429: ("Retry-After", "integer", "seconds")}


class NewerState(StaleVersion):
    """A write that came too late, with the state that was there first."""

    def __init__(self, message: str, current: LeadSummary | AppointmentDetails) -> None:
        super().__init__(message)
        self.current = current


def refusals(*statuses: int) -> Answers:
    """Return the documentation of these refusals; 401, 403, 429 and 500 are always among them."""
    return {status: _documented(status) for status in sorted({401, 403, 429, 500, *statuses})}


def _documented(status: int) -> dict[str, Any]:
    said: dict[str, Any] = {"model": Problem, "description": REFUSALS[status]}
    if status in CARRIED:
        name, kind, words = CARRIED[status]
        said["headers"] = {name: {"description": words, "schema": {"type": kind}}}
    return said


def install(api: FastAPI) -> None:
    """Answer a missing key with the header RFC 6750 asks for, and a write that came too late with the newer state."""

    @api.exception_handler(Unauthenticated)
    def unknown_caller(request: Request, error: Unauthenticated) -> JSONResponse:
        response = in_json(error)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(NewerState)
    def too_late(request: Request, error: NewerState) -> JSONResponse:
        said = NewerStateProblem(error=error.code, message=error.message, current=error.current)
        return JSONResponse(said.model_dump(mode="json"), error.status, headers={"ETag": f'"{error.current.version}"'})
