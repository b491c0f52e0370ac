"""A report as a file: a spreadsheet shows its cells and runs none of them."""

import csv
import io

import pytest

from leads.reports.csv_file import as_csv


def cell_of(cell: str | float | None) -> str:
    """Return how a cell stands in a file."""
    ((shown,),) = list(csv.reader(io.StringIO(as_csv([], [[cell]]).decode("utf-8-sig"), newline="")))[1:]
    return shown


@pytest.mark.parametrize("cell", ["=1+1", "-1", "@SUM(A1)", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert cell_of(cell) == f"'{cell}"


@pytest.mark.parametrize(("cell", "shown"), [("Ana", "Ana"), (12, "12"), (-3.5, "-3.5"), (None, "not shown: small"), ("a=b", "a=b")])
def test_what_is_harmless_stays_as_it_is(cell: str | float | None, shown: str) -> None:
    assert cell_of(cell) == shown


def test_the_file_is_read_back_as_it_was_written() -> None:
    content = as_csv(["Who", "=Count"], [['Muñoz, "José"', 12], ["line\nbreak", None]])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows == [["Who", "'=Count"], ['Muñoz, "José"', "12"], ["line\nbreak", "not shown: small"]]
