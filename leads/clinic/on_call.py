"""Who is on call as config/clinic.yml has it: weekly shifts, each with the order in which its people are paged."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from leads.clinic.hours import WEEKDAYS, Span, Weekday
from leads.clinic.read_yaml import Strict

LONGEST_UNTESTED = 7


def _address(text: str) -> str:
    if "@" not in text.strip("@"):
        raise ValueError(f"{text} is no e-mail address; write the one this colleague signs in with")
    return text


def _rising(minutes: tuple[int, ...]) -> tuple[int, ...]:
    if list(minutes) != sorted(set(minutes)) or minutes[0] < 1:
        raise ValueError("minutes after the first page, each later than the one before, like [15, 30, 60]")
    return minutes


Email = Annotated[str, AfterValidator(_address)]


class Shift(Strict):
    """Some hours of some days of the week by one office's clock; 18:00-08:00 ends on the day after, 00:00-00:00 is the whole day."""

    days: Annotated[list[Weekday], Field(min_length=1)]
    hours: Span
    # Whoever is first is paged first; the others follow while nobody answers.
    order: Annotated[list[Email], Field(min_length=1)]
    # Whose clock it goes by: the default office's where none is named.
    office: str | None = None

    def covers(self, at: datetime, zone: ZoneInfo) -> bool:
        """True while this shift is on at a moment."""
        here = at.astimezone(zone)
        begins, ends = self.hours
        # By the wall clock: on the night the clocks change a shift is an hour shorter or longer, and nobody is missing from it.
        time, today = here.time(), WEEKDAYS[here.weekday()]
        if begins < ends:
            return today in self.days and begins <= time < ends
        yesterday = WEEKDAYS[here.weekday() - 1]
        return (today in self.days and time >= begins) or (yesterday in self.days and time < ends)


class OnCall(Strict):
    """The roster, how often its people must answer a test, and after how many minutes the next of them is asked."""

    # True lets the forms ask what only a human can answer, while somebody is on call who answered a test of late.
    staffed: bool = False
    test_every_days: Annotated[int, Field(ge=1, le=LONGEST_UNTESTED)] = LONGEST_UNTESTED
    # Whoever has not answered a test by then is a supervisor's to call.
    answer_within_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 60
    # After the last of these, everybody on the roster is asked each hour.
    escalate_after_minutes: Annotated[tuple[Annotated[int, Field(le=60)], ...], Field(min_length=1), AfterValidator(_rising)] = (15, 30, 60)
    shifts: list[Shift] = []
