"""Hours of the day as they stand in clinic.yml: spans by the wall clock, and the days of the week."""

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _span(text: Any) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in str(text).split("-"))
    except ValueError:
        raise ValueError(f"{text} is no span of the day; write one like 09:00-17:00") from None
    return start, end


def _in_order(span: tuple[time, time]) -> tuple[time, time]:
    if span[0] >= span[1]:
        raise ValueError("opening hours must end after they begin")
    return span


Span = Annotated[tuple[time, time], BeforeValidator(_span)]
OpeningSpan = Annotated[Span, AfterValidator(_in_order)]
