"""Refusals in words: the same for pages and machines, never a stack trace."""

from collections.abc import Iterable
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from leads.errors import FieldError, Invalid, LeadsError, NotFound, TooMany
from leads.http.headers import dress
from leads.http.pages import page
from leads.http.wording import language_of

log = structlog.get_logger()

WORDS = {
    400: ("malformed", "This request could not be read."),
    404: ("not_found", "There is nothing here. The address may be old or mistyped."),
    405: ("method_not_allowed", "This address does not take that kind of request."),
    413: ("too_large", "This is more than we can take in at once."),
}

NO_SUCH_METHOD = 405
FOR_MACHINES = ("/api/", "/fhir/", "/webhooks/")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

# What pydantic finds by itself, in words; a model's own findings have theirs.
FOUND = {
    "missing": "This is needed.",
    "extra_forbidden": "There is no such field.",
    "string_type": "This should be text.",
    "model_type": "This should be an object with fields of its own.",
    "model_attributes_type": "This should be an object with fields of its own.",
}


def install(app: FastAPI, *, as_json: bool) -> None:
    """Make an app answer every refusal with its status and words, as JSON or as a page."""

    def answer(request: Request, error: LeadsError) -> Response:
        # A surface with pages of its own says so before its handlers run.
        own = getattr(request.state, "answer_refusal", None)
        if own is not None:
            return cast(Response, own(request, error))
        # An address with a line break in it finds no way into what is mounted there; a machine is answered as one all the same.
        return in_json(error) if as_json or request.scope["path"].startswith(FOR_MACHINES) else in_a_page(request, error)

    @app.exception_handler(LeadsError)
    def refused(request: Request, error: LeadsError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, from_validation(error.errors()))

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> Response:
        code, message = WORDS.get(error.status_code, ("refused", str(error.detail)))
        refusal = LeadsError(message, code=code)
        refusal.status = error.status_code
        response = answer(request, refusal)
        if error.status_code == NO_SUCH_METHOD:
            response.headers["Allow"] = methods_here(request)
        return response

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        log.error("request.broken", exc_info=error)
        refusal = LeadsError("Something went wrong on our side. Nothing you sent was half kept; please try again.", code="internal")
        refusal.status = 500
        response = answer(request, refusal)
        # This answer is given outside the middleware that dresses all others.
        dress(response.headers)
        return response


def methods_here(request: Request) -> str:
    """Return the methods this address takes, for the header that a 405 must have (RFC 9110, 15.5.6)."""
    # Starlette names those of the first route only, where two routes share one address.
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return ", ".join(each for each, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes))


def in_json(error: LeadsError) -> JSONResponse:
    """Return a refusal as machines read it."""
    fields = [{"field": each.field, "code": each.code, "message": each.message} for each in error.errors]
    return JSONResponse({"error": error.code, "message": error.message, "errors": fields}, error.status, headers=_headers(error))


def in_a_page(request: Request, error: LeadsError) -> Response:
    """Return a refusal as people read it."""
    is_missing = error.status == NotFound.status
    response = page(request, "public/refused.html", status=error.status, lang=language_of(request), error=error, is_missing=is_missing)
    response.headers.update(_headers(error))
    return response


def from_validation(errors: Iterable[Any]) -> LeadsError:
    """Return pydantic's findings as a refusal that names each field; a body that is no JSON at all is malformed."""
    found = list(errors)
    if any(each["type"] == "json_invalid" for each in found):
        return LeadsError("The body is not valid JSON.")
    return Invalid("Some fields need another look.", errors=tuple(_field(each) for each in found))


def from_model(error: ValidationError) -> Invalid:
    """Return a model's findings as a refusal that names each field."""
    return Invalid("Some fields need another look.", errors=tuple(_field(each) for each in error.errors()))


def _field(error: Any) -> FieldError:
    place = [str(part) for part in error["loc"] if part not in ("body", "query", "header", "path")]
    message = FOUND.get(error["type"], error["msg"].removeprefix("Value error, "))
    return FieldError(".".join(place) or "body", error["type"], message)


def _headers(error: LeadsError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
