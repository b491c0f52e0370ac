"""When somebody who is away is back, in the forms in which people say it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.inbound.return_date import LONGEST, back_on

SAID = date(2026, 11, 28)


def back(words: str, *, spanish: bool = False) -> str | None:
    day = back_on(words, SAID, day_first=spanish)
    return day.isoformat() if day else None


@pytest.mark.parametrize(
    "words",
    [
        "I am out of the office until December 7.",
        "I will be back on Monday, December 7th, 2026",
        "returning 12/7",
        "I'm on vacation from Dec 1 through Dec 6 and",
        "from 1 December to 6 December",
        "Estaré fuera de la oficina hasta el 7 de diciembre de 2026",
        "back in the office on 2026-12-07",
        "De vacaciones del 1 al 6 de diciembre",
        "I am currently out of the office and will return on Monday the 7th.",
        "I will be out of the office starting 12/01/2026 and will not return until 12/07/2026.",
        "back on Monday 12/07",
        "Thank you for your email. I am out of office 11/30 - 12/4 returning 12/7.",
        "Regreso el lunes 7 de diciembre",
        "Out of office till Dec 7th",
        "I am on leave until the 7th",
        "hasta el día 7",
        "Estoy de vacaciones hasta el 6 de diciembre inclusive",
    ],
)
def test_the_seventh_of_december_is_understood(words: str) -> None:
    assert back(words) == "2026-12-07"


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Vuelvo el lunes", "2026-11-30"),
        ("I will return tomorrow", "2026-11-29"),
        ("Estoy ausente hasta mañana", "2026-11-29"),
        ("I'll be back next week", "2026-11-30"),
        ("out until Wed, Dec. 9. For urgent matters call 203-555-0100", "2026-12-09"),
        ("I will be out from Nov 30-Dec 4", "2026-12-05"),
        ("I am out of the office December 1-4.", "2026-12-05"),
        ("Estaré fuera del 30 de noviembre al 4 de diciembre", "2026-12-05"),
        ("back on 5 January", "2027-01-05"),
        ("Volveré el 7 de enero", "2027-01-07"),
    ],
)
def test_other_days_are_too(words: str, day: str) -> None:
    assert back(words) == day


def test_spanish_names_the_day_first() -> None:
    assert back("Regresaré el 07/12/2026", spanish=True) == "2026-12-07"
    assert back("Regresaré el 12/13/2026", spanish=True) == "2026-12-13"


@pytest.mark.parametrize(
    "words",
    [
        "I am away. Contact Bob at 203.555.0123",
        "I will be back in 2031 on 3/3/2031",
        "I am out of the office today, November 28, with limited access",
        "We returned from Spain on November 3",
        "Back on 13/32/2026",
        "",
    ],
)
def test_no_day_is_made_up(words: str) -> None:
    assert back(words) is None


@given(st.text(alphabet="until back on to the el 0123456789/-.dcoe ñ\n", max_size=200))
def test_whatever_is_written_the_rest_has_an_end(words: str) -> None:
    day = back_on(words, SAID)
    assert day is None or SAID < day <= SAID + LONGEST
