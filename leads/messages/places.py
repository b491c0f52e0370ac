"""The practice and its offices as plain words for templates: addresses, telephone numbers, opening hours."""

from datetime import time
from functools import lru_cache
from itertools import groupby
from typing import Any

from leads.clinic.hours import WEEKDAYS
from leads.clinic.in_words import DAYS
from leads.clinic.profile import Office, clinic

TO = {"en": " to ", "es": " a "}


def practice_words() -> dict[str, str]:
    """Return what a template may say of the practice."""
    practice = clinic().practice
    return {"name": practice.name, "phone": practice.phone, "tel": tel(practice.phone)}


def office_words(office: Office, language: str) -> dict[str, Any]:
    """Return what a template may say of an office, in a language."""
    return {
        "code": office.code,
        "name": office.name,
        "address": list(office.address),
        "phone": office.phone,
        "tel": tel(office.phone),
        "parking": office.parking["es" if language == "es" else "en"],
        **arriving(office, language),
        "map_url": office.map_url,
        "hours": opening_hours(office, language),
    }


def arriving(office: Office, language: str) -> dict[str, str]:
    """Return the directions, what to bring and the way home, as the clinic approved them; empty where it says nothing."""
    said = office.arriving
    each = {"directions": said.directions, "bring": said.bring, "ride_home": said.ride_home}
    return {name: words["es" if language == "es" else "en"] if words else "" for name, words in each.items()}


def opening_hours(office: Office, language: str) -> list[str]:
    """Return a line for each run of days with the same hours: `Monday to Wednesday: 9:00 AM to 5:00 PM`."""
    return list(_in_lines(tuple(tuple(office.hours.get(name) or ()) for name in WEEKDAYS), language))


# Every mail names the hours of every office.
@lru_cache(maxsize=256)
def _in_lines(week: tuple[tuple[tuple[time, time], ...], ...], language: str) -> tuple[str, ...]:
    lines = []
    for spans, run in groupby(enumerate(week), key=lambda entry: entry[1]):
        days = [DAYS[language][day] for day, _ in run]
        if spans:
            lines.append(f"{_span_of_days(days, language)}: {', '.join(_from_to(start, end, language) for start, end in spans)}")
    return tuple(lines)


def tel(phone: str) -> str:
    """Return the number as a `tel:` link wants it (RFC 3966)."""
    return "".join(sign for sign in phone if sign.isdigit() or sign == "+")


def _span_of_days(days: list[str], language: str) -> str:
    if len(days) == 1:
        said = days[0]
    elif len(days) == 2:
        said = f"{days[0]} {'y' if language == 'es' else 'and'} {days[1]}"
    else:
        said = f"{days[0]}{TO[language]}{days[-1]}"
    return said[0].upper() + said[1:]


def _from_to(start: time, end: time, language: str) -> str:
    return f"{start:%-I:%M %p}{TO[language]}{end:%-I:%M %p}"
