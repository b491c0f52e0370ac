"""Every refusal as an OperationOutcome, with the FHIRPath of what is wrong wherever there is one."""

import json
from collections.abc import Iterable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from leads.errors import FieldError, LeadsError, TooMany, Unauthenticated
from leads.http.errors import NO_SUCH_METHOD, from_validation, methods_here
from leads.http.fhir.codes import Resource
from leads.http.headers import dress

log = structlog.get_logger()
FHIR_JSON = "application/fhir+json"

# Of http://hl7.org/fhir/issue-type, what each status means.
ISSUES = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    422: "invalid",
    429: "throttled",
}
TYPES = frozenset({"required", "value", "invalid", "not-found", "not-supported", "duplicate", "business-rule", "structure"})
PLAIN = {404: "There is nothing here: see GET /fhir/metadata.", 405: "This address does not take that kind of request.", 413: "Too large."}


class Fhir(Response):
    """A resource, as FHIR's own media type."""

    media_type = FHIR_JSON


def as_fhir(resource: Resource, status: int = 200, headers: dict[str, str] | None = None) -> Fhir:
    """Return a resource as the answer to a request."""
    return Fhir(json.dumps(resource, ensure_ascii=False), status, headers)


def outcome(code: str, words: str, errors: Iterable[FieldError] = (), *, severity: str = "error") -> Resource:
    """Return an OperationOutcome; one issue for each wrong element, or one for all."""
    issues = [_issue(severity, each.code if each.code in TYPES else code, each.message, each.field) for each in errors]
    return {"resourceType": "OperationOutcome", "issue": issues or [_issue(severity, code, words)]}


def answer(error: LeadsError) -> Fhir:
    """Return a refusal as FHIR clients read it."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    headers |= {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}
    # The table of transitions calls it a conflict; to a FHIR client it is a rule of ours that the request breaks.
    status = 422 if error.code == "not_allowed_now" else error.status
    code = "business-rule" if error.code == "not_allowed_now" else ISSUES.get(status, "exception")
    return as_fhir(outcome(code, error.message, error.errors), status, headers)


def install(app: FastAPI) -> None:
    """Make an app answer every refusal with an OperationOutcome."""

    @app.exception_handler(LeadsError)
    def refused(request: Request, error: LeadsError) -> Response:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> Response:
        return answer(from_validation(error.errors()))

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> Response:
        words = PLAIN.get(error.status_code, str(error.detail))
        headers = {"Allow": methods_here(request)} if error.status_code == NO_SUCH_METHOD else {}
        return as_fhir(outcome(ISSUES.get(error.status_code, "processing"), words), error.status_code, headers)

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        log.error("request.broken", exc_info=error)
        response = as_fhir(outcome("exception", "Something went wrong on our side. Nothing you sent was half kept; please try again."), 500)
        # This answer is given outside the middleware that dresses all others.
        dress(response.headers)
        return response


def _issue(severity: str, code: str, words: str, expression: str | None = None) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": severity, "code": code, "details": {"text": words}}
    return issue | ({"expression": [expression]} if expression else {})
