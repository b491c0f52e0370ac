"""A moment as the API takes it: ISO 8601 with an offset, in years a clinic has to do with."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

YEARS = range(2000, 2200)


def _with_time(value: Any) -> Any:
    # A bare number would be taken for seconds since 1970, which nobody means who writes 20261006.
    if not isinstance(value, datetime) and (not isinstance(value, str) or "T" not in value.upper()):
        raise PydanticCustomError("no_moment", "Write a moment like 2026-10-06T10:00:00-04:00.")
    return value


def _in_our_time(value: datetime) -> datetime:
    # At the ends of the calendar a change of zone leaves it, and a conversion would break instead of refusing.
    if value.year not in YEARS:
        raise PydanticCustomError("no_moment", "Write a moment of this century, like 2026-10-06T10:00:00-04:00.")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_with_time), AfterValidator(_in_our_time)]
