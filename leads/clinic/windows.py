"""Windows: the hours of the day in which we write; every due time is moved into one, and delivery asks once more before it sends."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from leads.clinic.hours import WEEKDAYS
from leads.clinic.read_yaml import Strict
from leads.clock import Calendar, local_to_utc

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Span = tuple[datetime, datetime]
# A window that stays shut for two years is a mistake in its file: the step ends with a reason instead of searching on.
HORIZON = 731


def _wall(text: Any) -> time:
    # YAML reads an unquoted 18:00 as the number 1080, and pydantic would take that for 00:18.
    if isinstance(text, time):
        return text
    try:
        return datetime.strptime(str(text), "%H:%M").time()  # noqa: DTZ007  a wall clock has no zone of its own
    except ValueError:
        raise ValueError('expected a time of day in quotes, like "09:00"') from None


Wall = Annotated[time, BeforeValidator(_wall), PlainSerializer(lambda at: f"{at:%H:%M}")]


class Window(Strict):
    """Some days, from one time to another; `to` at or before `from` reaches into the next day, which it counts as its own.

    `business_days` leaves out the dates on which the office does not open: its free weekdays, federal holidays and closures.
    `office_hours` is the office's opening hours themselves. The end is not inside: a window to 18:00 is shut at 18:00.
    """

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = get_args(Day)
    opens: Wall = Field(default=time(0), alias="from")
    closes: Wall = Field(default=time(0), alias="to")
    business_days: bool = False
    office_hours: bool = False

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "Window":
        if self.office_hours and self.model_fields_set & {"opens", "closes"}:
            raise ValueError("expected either office_hours or from and to: the office's hours have their own")
        return self

    def spans(self, calendar: Calendar, day: date) -> tuple[Span, ...]:
        """Return the stretches, in UTC, that begin on a local day; empty when it stays shut."""
        if WEEKDAYS[day.weekday()] not in self.days:
            return ()
        if self.office_hours:
            return tuple(span for span in calendar.open_spans(day) if span[0] < span[1])
        if self.business_days and not opens_on(calendar, day):
            return ()
        return _spans(day, self.opens, self.closes, calendar.zone)

    def is_open(self, calendar: Calendar, at: datetime) -> bool:
        """True when `at` lies inside."""
        if self.is_always:
            return True
        today = at.astimezone(calendar.zone).date()
        days = (today - timedelta(days=1), today) if self.closes <= self.opens else (today,)
        return any(begin <= at < end for day in days for begin, end in self.spans(calendar, day))

    @cached_property
    def is_always(self) -> bool:
        """True when it never shuts."""
        return self == ANY_TIME


ANY_TIME = Window()
OFFICE_HOURS = Window(office_hours=True)
NAMED = {"any_time": ANY_TIME, "office_hours": OFFICE_HOURS}


@dataclass(frozen=True)
class Moved:
    """Where a moment came to lie, and the rules that moved it, in order: ("Sat → Mon", "Memorial Day → Tue 09:00")."""

    at: datetime
    by: tuple[str, ...] = ()


class Shut(NamedTuple):
    """A day on which nothing goes out any more, and why."""

    day: date
    why: str

    @property
    def is_free(self) -> bool:
        """True when it is the weekday itself that is free."""
        return self.why == f"{self.day:%a}"


# The edges of a day are the same for everyone, and planning asks for them several times a step.
@lru_cache(maxsize=4096)
def _spans(day: date, opens: time, closes: time, zone: ZoneInfo) -> tuple[Span, ...]:
    end = day + timedelta(days=closes <= opens)
    span = local_to_utc(day, opens, zone), local_to_utc(end, closes, zone)
    return (span,) if span[0] < span[1] else ()


def opens_on(calendar: Calendar, day: date) -> bool:
    """True when the office opens on this date at all."""
    return bool(calendar.hours.get(day.weekday())) and calendar.closed(day) is None


def next_open(window: Window, calendar: Calendar, at: datetime) -> Moved | None:
    """Return the first moment at or after `at` inside the window; None when it stays shut for two years."""
    return Moved(at) if window.is_open(calendar, at) else _seek(window, calendar, at, +1)


def last_open(window: Window, calendar: Calendar, at: datetime) -> Moved | None:
    """Return `at` if it lies inside, else the beginning of the stretch before it; None when there was none in two years."""
    return Moved(at) if window.is_open(calendar, at) else _seek(window, calendar, at, -1)


def _seek(window: Window, calendar: Calendar, at: datetime, direction: int) -> Moved | None:
    today = at.astimezone(calendar.zone).date()
    shut: list[Shut] = []
    for ahead in range(HORIZON):
        day = today + timedelta(days=direction * ahead)
        spans = window.spans(calendar, day)
        found = [begin for begin, _ in spans if (begin > at) == (direction > 0)]
        if found:
            target = found[0] if direction > 0 else found[-1]
            return Moved(target, _arrows(shut or [Shut(day, _missed(calendar, at, target > at))], at, target.astimezone(calendar.zone)))
        shut.append(Shut(day, _missed(calendar, at, direction < 0) if spans else _why_shut(window, calendar, day)))
    return None


def _missed(calendar: Calendar, at: datetime, too_early: bool) -> str:
    return f"{at.astimezone(calendar.zone):%H:%M} is {'before' if too_early else 'after'} hours"


def _why_shut(window: Window, calendar: Calendar, day: date) -> str:
    by_office = window.office_hours or window.business_days
    if WEEKDAYS[day.weekday()] not in window.days or (by_office and not calendar.hours.get(day.weekday())):
        return f"{day:%a}"
    return (by_office and calendar.closed(day)) or "the clocks go forward"


def _arrows(shut: list[Shut], at: datetime, target: datetime) -> tuple[str, ...]:
    # Of several free weekdays in a row only the first is named: "Sat → Mon", not "Sat → Sun", "Sun → Mon".
    told = [each for before, each in zip([None, *shut], shut, strict=False) if not (before and before.is_free and each.is_free)]
    far = abs((target.date() - at.astimezone(target.tzinfo).date()).days) > 6
    end = f"{target:%a} {target.day} {target:%b %H:%M}" if far else f"{target:%a %H:%M}"
    return tuple(f"{each.why} → {then}" for each, then in zip(told, [*(f"{each.day:%a}" for each in told[1:]), end], strict=True))
