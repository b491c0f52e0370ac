"""The day on which somebody who is away says they will be back, in English or Spanish."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta

# An absence longer than this is read as none at all: rather a mail too early than a person forgotten.
LONGEST = timedelta(days=120)
MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan enero ene", "february feb febrero", "march mar marzo", "april apr abril abr", "may mayo", "june jun junio",
            "july jul julio", "august aug agosto ago", "september sept sep septiembre setiembre set", "october oct octubre",
            "november nov noviembre", "december dec diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
DAYS = {
    name: day
    for day, names in enumerate(
        ("monday mon lunes", "tuesday tue tues martes", "wednesday wed miercoles", "thursday thu thurs jueves", "friday fri viernes",
         "saturday sat sabado", "sunday sun domingo")
    )
    for name in names.split()
}  # fmt: skip
MONTH, DAY_NAME = "|".join(sorted(MONTHS, key=len, reverse=True)), "|".join(sorted(DAYS, key=len, reverse=True))
YEAR = r"(?:,?\s*(?:of|de|del)?\s*(?P<year{0}>20\d\d))?"
DATE = re.compile(
    r"\b(?:(?P<iso>20\d\d-\d{1,2}-\d{1,2})"
    rf"|(?P<month_a>{MONTH})\.?\s+(?P<day_a>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){YEAR.format('_a')}"
    rf"|(?P<day_b>\d{{1,2}})(?:st|nd|rd|th|º|o)?\s+(?:of\s+|de\s+)?(?P<month_b>{MONTH})\b\.?{YEAR.format('_b')}"
    r"|(?P<one>\d{1,2})[/.](?P<two>\d{1,2})(?:[/.](?P<year_c>(?:20)?\d\d))?(?![\d/])"
    rf"|(?:the |el (?:dia )?)(?P<day_d>\d{{1,2}})(?:st|nd|rd|th)?\b(?![/:]|\s+(?:of\s+|de\s+)?(?:{MONTH})\b)"
    rf"|(?:next |proximo )?(?P<weekday>{DAY_NAME})\b"
    r"|(?P<tomorrow>tomorrow|manana)\b|(?P<next_week>next week|(?:la )?(?:proxima semana|semana que viene))\b)"
)
# A date with its weekday is that date; a span in dashes is one in words, and "December 1-6" names its month once.
NAMED_DAY = re.compile(rf"\b(?:{DAY_NAME})\b\.?,?\s+(?:the\s+|el\s+|dia\s+)?(?=(?:{MONTH})\b|20\d\d-|\d{{1,2}}(?:st|nd|rd|th)?\b)")
SPAN_IN_MONTH = re.compile(
    rf"\b({MONTH})(\.?\s+\d{{1,2}}(?:st|nd|rd|th)?)\s*(?:[-–—]|to|through)\s*(?=\d{{1,2}}(?:st|nd|rd|th)?\b(?![/:]))"
)
SPAN = re.compile(rf"(?<=[\dhdt])\s*[-–—]\s*(?=(?:{MONTH})\b|\d{{1,2}}[/ ])")
ENGLISH_BACK = r"back|return(?:ing|s)?|be in|in the office|resum(?:e|ing)|available(?: again)?"
BACK = rf"{ENGLISH_BACK}|regres\w*|vuelv\w*|volver\w*|de vuelta|reincorpor\w*|retorn\w*"
UNTIL = r"until|till|til|before|hasta|antes d?el?"
THROUGH = r"through|thru|to|al|a"
# From the word to its date: not past the end of a sentence, though a date may be written with dots.
NEAR = r"(?P<between>(?:(?![.!?](?:\s|$)).){0,60}?)"
SAID = re.compile(rf"\b(?:(?P<back>{BACK})|(?P<until>{UNTIL})|(?P<through>{THROUGH}))\b{NEAR}(?={DATE.pattern})")
AWAY_WORD = re.compile(r"\b(?:out|away|leave|vacation|holiday|travel|ausente|fuera|vacaciones|viaje|from|del?|desde)\b")


def back_on(text: str, said: date, *, day_first: bool = False) -> date | None:
    """Return the first day on which they are back, after the day they said so and at most `LONGEST` away; None where none is told.

    `day_first` reads 3/12 as the third of December, as Spanish does. Where several days are named, the last one that counts.
    """
    words = _plain(text)
    found = [day for day in _days(words, said, day_first=day_first) if said < day <= said + LONGEST]
    return max(found, default=None)


def _days(words: str, said: date, *, day_first: bool) -> Iterator[date]:
    for place in SAID.finditer(words):
        named = DATE.match(words, place.end())
        day = _day(named, said, day_first=day_first) if named else None
        if day is None:
            continue
        if place["through"] and not _is_span(words[: place.start()]):
            continue
        # "Through the 7th": the 7th itself is still away.
        yield day + timedelta(days=1) if place["through"] or "inclusive" in words[place.start() : named.end() + 12] else day  # type: ignore[union-attr]


def _is_span(before: str) -> bool:
    """True where the words before tell that somebody is away: "to" alone begins no absence."""
    return bool(AWAY_WORD.search(before[-80:]))


def _day(named: re.Match[str], said: date, *, day_first: bool) -> date | None:
    try:
        if named["iso"]:
            return date(*map(int, named["iso"].split("-")))
        if named["day_d"]:
            return _next_with_number(int(named["day_d"]), said)
        if named["weekday"]:
            return said + timedelta(days=(DAYS[named["weekday"]] - said.weekday() - 1) % 7 + 1)
        if named["tomorrow"]:
            return said + timedelta(days=1)
        if named["next_week"]:
            return said + timedelta(days=7 - said.weekday())
        return _with_year(*_month_and_day(named, day_first=day_first), said)
    except ValueError:
        return None


def _month_and_day(named: re.Match[str], *, day_first: bool) -> tuple[int, int, int | None]:
    for form in ("a", "b"):
        if named[f"month_{form}"]:
            return MONTHS[named[f"month_{form}"]], int(named[f"day_{form}"]), int(named[f"year_{form}"] or 0) or None
    one, two = int(named["one"]), int(named["two"])
    year = int(named["year_c"] or 0)
    # What can only be read one way is read that way: there is no month 13.
    month, day = (two, one) if (day_first and two <= 12) or one > 12 else (one, two)
    return month, day, year + 2000 if 0 < year < 100 else year or None


def _next_with_number(number: int, said: date) -> date:
    days = (said + timedelta(days=ahead) for ahead in range(1, 63))
    return next((day for day in days if day.day == number), said)


def _with_year(month: int, day: int, year: int | None, said: date) -> date:
    if year:
        return date(year, month, day)
    this = date(said.year, month, day)
    return this if this >= said - timedelta(days=60) else date(said.year + 1, month, day)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:20_000].casefold())
    words = " ".join("".join(each for each in letters if not unicodedata.combining(each)).split())
    return SPAN.sub(" to ", SPAN_IN_MONTH.sub(r"\1\2 to \1 ", NAMED_DAY.sub("the ", words)))
