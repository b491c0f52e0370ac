"""The stretch of time a report is about: whole months, by the clock of the clinic's first office."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import FieldError, Invalid

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
# Whole months only: two reports that differ by a day would tell of that day's one person.
USUAL_MONTHS, MOST_MONTHS = 3, 60


@dataclass(frozen=True)
class Period:
    """From the first moment of one month up to, and without, the first of another; both as year and month."""

    first: tuple[int, int]
    last: tuple[int, int]

    @classmethod
    def read(cls, first: str = "", last: str = "") -> Self:
        """Return a period of two months like 2026-09; the last three where none is given. Raises Invalid naming the field."""
        here = now().astimezone(clinic().office(None).zone)
        ends = _month(last, "to") if last else (here.year, here.month)
        begins = _month(first, "from") if first else _later(ends, 1 - USUAL_MONTHS)
        if begins > ends:
            raise _wrong("from", "The period ends before it begins. Choose an earlier month to begin with.")
        if _later(begins, MOST_MONTHS) <= ends:
            raise _wrong("from", f"A report covers at most {MOST_MONTHS // 12} years. Choose a later month to begin with.")
        return cls(begins, ends)

    @property
    def since(self) -> datetime:
        """The first moment that counts."""
        return _start(self.first)

    @property
    def until(self) -> datetime:
        """The first moment that counts no more."""
        return _start(_later(self.last, 1))

    @property
    def words(self) -> str:
        """The period as people say it: `September to November 2026`."""
        begins, ends = datetime(*self.first, 1), datetime(*self.last, 1)  # noqa: DTZ001 - months, not moments
        if begins == ends:
            return f"{ends:%B %Y}"
        return f"{begins:%B}{'' if begins.year == ends.year else f' {begins:%Y}'} to {ends:%B %Y}"

    @property
    def query(self) -> str:
        """The period as it stands in an address."""
        return "from={:04d}-{:02d}&to={:04d}-{:02d}".format(*self.first, *self.last)


def _month(text: str, field: str) -> tuple[int, int]:
    found = MONTH.fullmatch(text)
    if found is None or not 2000 <= int(found[1]) <= 2100:
        raise _wrong(field, "This is no month. Write it like 2026-09.")
    return int(found[1]), int(found[2])


def _later(month: tuple[int, int], by: int) -> tuple[int, int]:
    years, months = divmod(month[0] * 12 + month[1] - 1 + by, 12)
    return years, months + 1


def _start(month: tuple[int, int]) -> datetime:
    return datetime(*month, 1, tzinfo=clinic().office(None).zone)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "no_period", message),))
