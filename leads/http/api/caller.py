"""Who calls: the key behind `Authorization: Bearer`, its scope and its allowance."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from leads.accounts.keys import Holder, find_key, require
from leads.errors import LeadsError, Unauthenticated
from leads.http.errors import from_validation
from leads.http.source import source_of
from leads.http.transaction import Db

M = TypeVar("M", bound=BaseModel)
REF = "#/components/schemas/{model}"
bearer = HTTPBearer(
    scheme_name="api_key",
    bearerFormat="wh_…",
    description="`Authorization: Bearer KEY`; keys are made with `handoff keys create --name N --scope S`.",
    auto_error=False,
)
Held = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
REPEATABLE = StringConstraints(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")
Repeatable = Annotated[
    str | None,
    REPEATABLE,
    Header(
        alias="Idempotency-Key",
        description="any text of your own, kept 7 days: the same request again gets the same answer, another body 409",
    ),
]
_repeatable: TypeAdapter[str] = TypeAdapter(Annotated[str, REPEATABLE])


class InOneThread(APIRoute):
    """An operation done in one thread from the key to the commit, which reads the request itself.

    What it declares is for the OpenAPI document: to gather it as FastAPI does takes as long as to plan a sequence. Its function is given
    the request and the body as it was sent.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""

        async def handle(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(self.endpoint, request, body)

        return handle


def caller(request: Request, session: Session, scope: str) -> Holder:
    """Return the caller's key; raises Unauthenticated, Forbidden or TooMany."""
    kind, text = get_authorization_scheme_param(request.headers.get("Authorization"))
    if kind.lower() != "bearer" or not text:
        raise Unauthenticated("Send an API key: Authorization: Bearer KEY.")
    key = _known(request, session, text)
    request.app.state.allowance.spend(key.id)
    require(key, scope)
    return key


def needs(scope: str) -> Callable[..., Holder]:
    """Return the dependency that yields the caller's key; raises Unauthenticated, Forbidden or TooMany."""

    # What is held is read by `caller`; that it is asked for here is what the OpenAPI document tells.
    def needed(request: Request, session: Db, held: Held) -> Holder:
        return caller(request, session, scope)

    return needed


def _known(request: Request, session: Session, text: str) -> Holder:
    """Return who holds a key; raises TooMany, and asks nobody, while too many from this source were wrong."""
    wrong, source = request.app.state.wrong_keys, source_of(request)
    wrong.need(source)
    try:
        return find_key(session, text)
    except Unauthenticated:
        wrong.spend(source)
        raise


async def raw_body(request: Request) -> bytes:
    """Return the body as it was sent."""
    return await request.body()


async def json_body(request: Request) -> bytes:
    """Return the body as it was sent; raises LeadsError when it does not call itself JSON."""
    need_json(request)
    return await request.body()


def need_json(request: Request) -> None:
    """Raise LeadsError when a body does not call itself JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise LeadsError("Send JSON, with the header Content-Type: application/json.")


def read(model: type[M], request: Request, body: bytes) -> M:
    """Return what a body says, for an operation that reads it itself; raises LeadsError, or Invalid naming each field."""
    need_json(request)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error.errors(include_url=False)) from None


def may_be_repeated(idempotency_key: Repeatable = None) -> None:
    """Tell readers of the OpenAPI document that an operation knows this header."""


def repeatable(request: Request) -> str | None:
    """Return the request's Idempotency-Key, for an operation that reads it itself; raises Invalid naming it."""
    key = request.headers.get("Idempotency-Key")
    try:
        return None if key is None else _repeatable.validate_python(key)
    except ValidationError as error:
        raise from_validation({**each, "loc": ("Idempotency-Key",)} for each in error.errors(include_url=False)) from None


def sent(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the OpenAPI document says of a body that an operation reads itself; the model is among its schemas by name."""
    schema = {"$ref": REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def scoped(scope: str) -> dict[str, Any]:
    """Return the mark that tells readers of the OpenAPI document which scope an operation needs."""
    return {"x-scope": scope}


LeadReader = Annotated[Holder, Depends(needs("leads:read"))]
LeadWriter = Annotated[Holder, Depends(needs("leads:write"))]
RawBody = Annotated[bytes, Depends(raw_body)]
JsonBody = Annotated[bytes, Depends(json_body)]
