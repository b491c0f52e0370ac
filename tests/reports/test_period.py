"""The months of a report, as an address names them."""

from datetime import UTC, datetime

import pytest

from leads.errors import Invalid
from leads.reports.period import Period

pytestmark = pytest.mark.usefixtures("tuesday")


def test_without_months_it_is_the_last_three() -> None:
    assert Period.read().words == "August to October 2026"


def test_it_begins_and_ends_at_midnight_of_the_office() -> None:
    period = Period.read("2026-10", "2026-11")
    assert period.since.astimezone(UTC) == datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert period.until.astimezone(UTC) == datetime(2026, 12, 1, 5, tzinfo=UTC)


def test_it_says_itself_in_words_and_in_an_address() -> None:
    assert (Period.read("2026-10", "2026-10").words, Period.read("2025-12", "2026-01").words) == (
        "October 2026",
        "December 2025 to January 2026",
    )
    assert Period.read("2026-09", "2026-10").query == "from=2026-09&to=2026-10"


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-13", "", "from"),
        ("2026-10-01", "", "from"),
        ("", "soon", "to"),
        ("2026-10", "2026-09", "from"),
        ("2001-01", "2026-10", "from"),
        ("9999-12", "9999-12", "to"),
    ],
)
def test_what_is_no_period_is_refused_by_field(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Period.read(first, last)
    assert refused.value.errors[0].field == field
