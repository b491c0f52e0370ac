"""Reads a spreadsheet saved as text: its encoding, its separator, its headings and its lines; bounded in every direction."""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from leads.errors import FieldError, Invalid

LARGEST = 20 * 1024 * 1024
MOST_LINES, MOST_COLUMNS, LONGEST_CELL = 50_000, 100, 10_000
SEPARATORS = (",", ";", "\t", "|")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# How other files begin that are sent in a spreadsheet's place.
NOT_TEXT = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"%PDF": "a PDF"}


@dataclass(frozen=True)
class Sheet:
    """A spreadsheet as text: every line has as many cells as there are headings; `numbers` are the lines' numbers in the file."""

    encoding: str
    separator: str
    headings: Sequence[str]
    lines: Sequence[Sequence[str]]
    numbers: Sequence[int]


def read(content: bytes) -> Sheet:
    """Return what a file holds; raises Invalid saying what is wrong with it and how to save it instead."""
    text, encoding = _decoded(content)
    separator = _separator(text)
    headings: list[str] | None = None
    lines, numbers = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        # A cell may hold line breaks: the number people look for is that of the record, the headings being the first.
        for number, cells in enumerate(reader, start=1):
            if headings is None:
                headings = _headings(cells)
            elif any(cell.strip() for cell in cells):
                lines.append(_fitted(cells, len(headings), number))
                numbers.append(number)
            if len(lines) > MOST_LINES:
                raise _wrong("too_many_lines", f"The file has more than {MOST_LINES:,} lines. Divide it, and bring in the parts.")
    except csv.Error as error:
        raise _wrong("no_csv", f"Line {reader.line_num} of the file cannot be read ({error}). Save it again as CSV.") from None
    if not headings or not lines:
        raise _wrong("empty", "The file has no lines below its first one. Its first line names the columns, each other line is a person.")
    return Sheet(encoding, separator, headings, lines, numbers)


def _decoded(content: bytes) -> tuple[str, str]:
    if len(content) > LARGEST:
        raise _wrong("too_large", f"The file is larger than {LARGEST // 1024 // 1024} MB. Divide it, and bring in the parts.")
    for start, kind in NOT_TEXT.items():
        if content.startswith(start):
            raise _wrong("not_text", f"This is {kind}. Open it in your spreadsheet program and save it as CSV (UTF-8).")
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # What a spreadsheet program on Windows writes when nobody asks it for UTF-8. Five bytes mean nothing there.
        encoding, text = "cp1252", content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise _wrong("not_text", "This file is not text. Open it in your spreadsheet program and save it as CSV (UTF-8).")
    return text, encoding


def _separator(text: str) -> str:
    # By the headings alone: they seldom hold a separator, while notes hold all of them.
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))


def _headings(cells: Sequence[str]) -> list[str]:
    headings = [" ".join(cell.split())[:100] for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        raise _wrong("too_many_columns", f"The file has more than {MOST_COLUMNS} columns. Leave out those that are not needed.")
    return [heading or f"Column {place}" for place, heading in enumerate(headings, start=1)]


def _fitted(cells: Sequence[str], width: int, number: int) -> list[str]:
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise _wrong("too_long", f"A cell of line {number} has more than {LONGEST_CELL:,} characters. A quotation mark may be missing.")
    if any(cell.strip() for cell in cells[width:]):
        raise _wrong("no_heading", f"Line {number} has more cells than there are headings. Name every column in the first line.")
    return [*cells[:width], *[""] * (width - len(cells))]


def _wrong(code: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError("file", code, message),))
