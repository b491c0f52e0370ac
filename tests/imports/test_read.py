"""Reading a spreadsheet: whatever program saved it, and a clear word where it cannot be read."""

import pytest

from leads.errors import Invalid
from leads.imports.read import LONGEST_CELL, MOST_LINES, read
from tests.imports.cast import ANA, BEN, sheet


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_by_the_headings(separator: str) -> None:
    found = read(sheet(ANA, BEN, separator=separator))
    assert (found.separator, found.lines[0][0], len(found.headings)) == (separator, "Ana", 9)


@pytest.mark.parametrize(
    ("encoding", "read_as"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")]
)
def test_accents_arrive_whatever_the_encoding(encoding: str, read_as: str) -> None:
    found = read("Name,Phone\r\nJosé Muñoz,203-555-0123\r\n".encode(encoding))
    assert (found.encoding, found.headings[0], found.lines[0][0]) == (read_as, "Name", "José Muñoz")


def test_a_note_with_line_breaks_and_separators_is_one_cell() -> None:
    assert read(b'Name,Notes\r\nAna,"one, two\r\nthree"\r\n').lines == [["Ana", "one, two\r\nthree"]]


def test_blank_lines_are_passed_over_and_short_ones_filled() -> None:
    found = read(b"Name,Phone,Notes\n\nAna,203-555-0123\n,,\n")
    assert (found.lines, found.numbers) == ([["Ana", "203-555-0123", ""]], [3])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"Name,Phone\n", "empty"),
        (b"PK\x03\x04 and so on", "not_text"),
        (b"%PDF-1.7", "not_text"),
        (b"Name\x00,Phone\nAna,1\n", "not_text"),
        (b"Name\nAna,Rivera\n", "no_heading"),
        (b"Name\n" + b"a" * (LONGEST_CELL + 1) + b"\n", "too_long"),
        (b"Name\n" + b"Ana\n" * (MOST_LINES + 1), "too_many_lines"),
        (b"a," * 101 + b"b\n1\n", "too_many_columns"),
        (b"Name\n" + b"a" * 200_000 + b"\n", "no_csv"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_the_way_out(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(content)
    assert [(each.field, each.code) for each in refused.value.errors] == [("file", code)]
