"""From bytes to a resource that its schema accepts; what is wrong is named in FHIRPath."""

import json
import threading
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from leads.errors import FieldError, Invalid, LeadsError
from leads.http.fhir.codes import Resource

# The models load one another while they validate, and modules that import each other in two threads meet half made.
ONE_AT_A_TIME = threading.Lock()


def parse(body: bytes, kind: str) -> Resource:
    """Return a resource of this type; raises LeadsError (400) for what is no JSON or another type, Invalid for wrong elements."""
    try:
        resource = _without_nulls(json.loads(body))
        if not isinstance(resource, dict) or resource.get("resourceType") != kind:
            raise LeadsError(f"Send a {kind}: a JSON object whose resourceType says so.")
        with ONE_AT_A_TIME:
            _model(kind).model_validate(resource)
    except ValidationError as error:
        raise _in_fhirpath(kind, error) from None
    except (ValueError, RecursionError):
        raise LeadsError("The body is not JSON that can be read.") from None
    except (KeyError, TypeError, AttributeError):
        # The models look a nested resource up by its name, and stumble over one that R4 does not have or that is no name at all.
        raise LeadsError("One of the resources is of a type that FHIR R4 does not know.") from None
    return resource


def _without_nulls(value: Any) -> Any:
    # FHIR knows no null; a sender that writes one means that there is nothing.
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value if each is not None] if isinstance(value, list) else value


@lru_cache
def _model(kind: str) -> type[BaseModel]:
    # Loaded when the first resource comes: the models take a third of a second, which neither the command line nor workers should pay.
    from fhir.resources.R4B import get_fhir_model_class

    model: type[BaseModel] = get_fhir_model_class(kind)
    return model


def _in_fhirpath(kind: str, error: ValidationError) -> Invalid:
    found = tuple(FieldError(_path(kind, each["loc"]), _issue_type(each["type"]), each["msg"]) for each in error.errors())
    return Invalid("Some elements are not as FHIR R4 has them.", errors=found)


def _path(kind: str, place: tuple[Any, ...]) -> str:
    return kind + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def _issue_type(found: str) -> str:
    return {"model_field_validation.missing": "required", "extra_forbidden": "structure"}.get(found, "value")
