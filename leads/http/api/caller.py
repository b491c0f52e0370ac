"""Who calls: the key behind `Authorization: Bearer`, its scope and its allowance."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError
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


def caller(request: Request, session: Session, held: HTTPAuthorizationCredentials | None, scope: str) -> Holder:
    """Return the caller's key; raises Unauthenticated, Forbidden or TooMany."""
    if held is None:
        raise Unauthenticated("Send an API key: Authorization: Bearer KEY.")
    key = _known(request, session, held.credentials)
    request.app.state.allowance.spend(key.id)
    require(key, scope)
    return key


def needs(scope: str) -> Callable[..., Holder]:
    """Return the dependency that yields the caller's key; raises Unauthenticated, Forbidden or TooMany."""

    def needed(request: Request, session: Db, held: Held) -> Holder:
        return caller(request, session, held, scope)

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
