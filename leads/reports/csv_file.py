"""A report as a file for a spreadsheet, in which no cell can be a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

FEW = "not shown: small"
# A spreadsheet program runs what begins so, also behind blanks (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV file in UTF-8 with a mark that spreadsheet programs understand; None, a number too small to show, says so."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([harmless(heading) for heading in headings])
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: Cell) -> str:
    """Return a cell as text that a spreadsheet shows and does not run; numbers stay numbers."""
    if cell is None:
        return FEW
    if isinstance(cell, int | float):
        return str(cell)
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(FORMULA) or cell.startswith(FORMULA) else cell
