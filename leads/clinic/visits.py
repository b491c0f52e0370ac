"""First visits as configured: how long they take, how soon one may be had, and whose calendars there are."""

from collections.abc import Collection
from datetime import date, time
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from leads.clinic.hours import WEEKDAYS, OpeningSpan, Weekday
from leads.clinic.read_yaml import Strict


class CalendarException(Strict):
    """A day on which a calendar differs from its week: closed, or other hours."""

    date: date
    closed: bool = False
    hours: list[OpeningSpan] = []

    @model_validator(mode="after")
    def _says_one_thing(self) -> "CalendarException":
        if self.closed == bool(self.hours):
            raise ValueError('an exception says either closed: true or hours: ["09:00-12:00"]')
        return self


class VisitCalendar(Strict):
    """When one clinician receives new visitors at one office."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
    name: str
    office: str
    hours: dict[Weekday, list[OpeningSpan]] = {}
    exceptions: list[CalendarException] = []

    def hours_on(self, day: date) -> list[tuple[time, time]]:
        """Return the spans of a day by the wall clock, before the office's closures; an exception takes the place of the week's."""
        spans = self._exceptions.get(day)
        return sorted(self.hours.get(WEEKDAYS[day.weekday()], []) if spans is None else spans)

    @cached_property
    def _exceptions(self) -> dict[date, list[tuple[time, time]]]:
        return {each.date: list(each.hours) for each in self.exceptions}


class Visits(Strict):
    """How long a first visit takes, how soon and how far ahead it is offered, how long an offer stands, and whose calendars there are."""

    minutes: Annotated[int, Field(ge=5, le=480)] = 60
    notice_hours: Annotated[int, Field(ge=0, le=720)] = 24
    ahead_days: Annotated[int, Field(ge=1, le=366)] = 60
    offer_stands_hours: Annotated[int, Field(ge=1, le=720)] = 48
    calendars: list[VisitCalendar] = []

    def calendar(self, code: str | None) -> VisitCalendar | None:
        """Return the calendar of this code, or None."""
        return next((each for each in self.calendars if each.code == code), None)


def check_calendars(visits: Visits, offices: Collection[str]) -> Visits:
    """Return the visits; raises ValidationError, at the line of each, for an unknown office or a code that is used twice."""
    wrong, seen = list[InitErrorDetails](), set[str]()
    for place, calendar in enumerate(visits.calendars):
        if calendar.office not in offices:
            wrong.append(_wrong(place, "office", f"there is no office {calendar.office}; expected one of {', '.join(offices)}"))
        if calendar.code in seen:
            wrong.append(_wrong(place, "code", f"{calendar.code} is the code of another calendar already"))
        seen.add(calendar.code)
    if wrong:
        # Raised as pydantic's own, it keeps its place: whoever reads the complaint is led to the line, not to the whole part.
        raise ValidationError.from_exception_data("visits", wrong)
    return visits


def _wrong(place: int, key: str, words: str) -> InitErrorDetails:
    told: dict[str, Any] = {"words": words}
    return {"type": PydanticCustomError("calendar", "{words}", told), "loc": ("calendars", place, key), "input": None}
