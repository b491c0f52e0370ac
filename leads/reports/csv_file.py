"""A report as a file for a spreadsheet, in which no cell can be a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from leads.spreadsheet import harmless

FEW = "not shown: small"

Cell = str | int | float | None


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV file in UTF-8 with a mark that spreadsheet programs understand; None, a number too small to show, says so."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([harmless(heading) for heading in headings])
    writer.writerows([_as_text(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _as_text(cell: Cell) -> str:
    if cell is None:
        return FEW
    # A number is no formula, whatever its sign.
    return harmless(cell) if isinstance(cell, str) else str(cell)
