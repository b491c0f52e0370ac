"""`/api/docs`: the OpenAPI document as a page of our own, without a script and without anybody else's server."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from leads.accounts.models import SCOPES
from leads.clinic.profile import clinic
from leads.http.api.example import curl
from leads.http.api.refusals import REFUSALS
from leads.http.pages import page

router = APIRouter(include_in_schema=False)
Schema = Mapping[str, Any]
KINDS = {"date-time": "moment", "date": "date", "uuid": "id"}
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """One field or parameter, as a line of a table."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True)
class Operation:
    """One thing the API does."""

    id: str
    method: str
    path: str
    scope: str
    words: str
    parameters: list[Field]
    sent: list[Field]
    answered: list[Field]
    success: str
    refusals: list[str]


@router.get("/docs")
def show_docs(request: Request) -> Response:
    """The page."""
    document = request.app.openapi()
    choices = {
        "office": [*((office.code, office.name) for office in clinic().offices), ("none", "No preference")],
        "interest": [(each.code, each.words["en"]) for each in clinic().interests],
        "heard_from": [(each.code, each.words["en"]) for each in clinic().heard_from],
        "outcome": [(each.code, each.words["en"]) for each in clinic().outcomes],
        "contraindications": [(each.code, each.words["en"]) for each in clinic().referrals.contraindications],
        "reason_code": [(each.code, each.words["en"]) for each in clinic().referrals.decline_reasons],
        "destination": [(each.code, each.words["en"]) for each in clinic().referrals.destinations],
    }
    return page(
        request,
        "api/docs.html",
        about=document["info"]["description"],
        operations=list(operations(document)),
        curl=curl(),
        curl_referral=curl("referrals"),
        choices=choices,
        refusals=REFUSALS,
        scopes=SCOPES,
        wording=clinic().consent.version,
    )


def operations(document: Schema) -> Iterator[Operation]:
    """Yield what an OpenAPI document describes, in its order."""
    for path, methods in document["paths"].items():
        for method in (each for each in METHODS if each in methods):
            yield _operation(document, f"/api{path}", method, methods[method])


def _operation(document: Schema, path: str, method: str, told: Schema) -> Operation:
    success = next(status for status in told["responses"] if status.startswith("2"))
    sent = told.get("requestBody")
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        scope=told.get("x-scope", ""),
        words=told["description"],
        parameters=[_field(document, each["name"], each["schema"], each["required"], each) for each in told.get("parameters", ())],
        sent=list(_fields(document, _json(sent))) if sent else [],
        answered=list(_fields(document, _json(told["responses"][success]))),
        success=success,
        refusals=sorted(status for status in told["responses"] if status >= "400"),
    )


def _json(content: Schema) -> Schema:
    schema: Schema = content["content"]["application/json"]["schema"]
    return schema


def _fields(document: Schema, schema: Schema, before: str = "") -> Iterator[Field]:
    found = _found(document, schema)
    for name, each in found.get("properties", {}).items():
        inner = _found(document, each)
        listed = _found(document, inner.get("items", {}))
        yield _field(document, f"{before}{name}", each, name in found.get("required", ()), inner)
        yield from _fields(document, inner, f"{before}{name}.")
        yield from _fields(document, listed, f"{before}{name}[].")


def _field(document: Schema, name: str, schema: Schema, required: bool, told: Schema) -> Field:
    words = [schema.get("description") or (told.get("description", "") if "properties" not in told else "")]
    if schema.get("default") is not None:
        words.append(f"{schema['default']!s} unless given".replace("True", "true").replace("False", "false"))
    return Field(name, _kind(document, schema), required, "; ".join(word for word in words if word))


def _kind(document: Schema, schema: Schema) -> str:
    inner = _found(document, schema)
    if "enum" in inner:
        return " · ".join(str(value) for value in inner["enum"])
    if inner.get("type") == "array":
        return "list"
    kind = KINDS.get(inner.get("format", "")) or str(inner.get("type", "any"))
    limit = inner.get("maxLength") or inner.get("maximum")
    return f"{kind}, at most {limit}" if limit else kind


def _found(document: Schema, schema: Schema) -> Schema:
    """Return a schema with its reference followed and its `null` left out."""
    options: Iterable[Schema] = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    schema = next(iter(options), schema)
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    component: Schema = document["components"]["schemas"][name]
    return component
