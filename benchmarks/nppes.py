"""A made-up file in NPPES's shape: its 330 columns, its quotes, its capitals; every name in it is drawn from a short list."""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

from leads.providers.npi import valid_npi

MAILING, PLACE = "Provider Business Mailing Address", "Provider Business Practice Location Address"
ADDRESS = ("City Name", "State Name", "Postal Code", "Country Code (If outside U.S.)", "Telephone Number", "Fax Number")
NAME = ("Last Name", "First Name", "Middle Name", "Name Prefix Text", "Name Suffix Text", "Credential Text")
OFFICIAL = "Authorized Official"
SYLLABLES = ("AL", "BER", "CAS", "DE", "EL", "FOR", "GAR", "HAN", "IN", "JO", "KIM", "LAR", "MOR", "NES", "OR", "PAT", "RIV", "SAN")
GIVEN = ("ANA", "BEN", "CARLA", "DAVID", "ELENA", "FRANK", "GRACE", "HUGO", "IRIS", "JONAS", "KAREN", "LUIS", "MARIA", "NOAH", "OLGA")
STATES = ("CA", "TX", "NY", "FL", "PA", "OH", "IL", "MI", "NC", "GA", "NJ", "VA", "WA", "MA", "AZ", "TN", "IN", "MD", "CT", "RI")


def header() -> list[str]:
    """Return the 330 titles in the order NPPES publishes them."""
    return [
        *("NPI", "Entity Type Code", "Replacement NPI", "Employer Identification Number (EIN)"),
        "Provider Organization Name (Legal Business Name)",
        *("Provider Last Name (Legal Name)", *(f"Provider {part}" for part in NAME[1:])),
        *("Provider Other Organization Name", "Provider Other Organization Name Type Code"),
        *(f"Provider Other {part}" for part in NAME),
        "Provider Other Last Name Type Code",
        *(f"Provider {line} Line Business Mailing Address" for line in ("First", "Second")),
        *(f"{MAILING} {part}" for part in ADDRESS),
        *(f"Provider {line} Line Business Practice Location Address" for line in ("First", "Second")),
        *(f"{PLACE} {part}" for part in ADDRESS),
        *("Provider Enumeration Date", "Last Update Date", "NPI Deactivation Reason Code", "NPI Deactivation Date"),
        *("NPI Reactivation Date", "Provider Sex Code"),
        *(f"{OFFICIAL} {part}" for part in ("Last Name", "First Name", "Middle Name", "Title or Position", "Telephone Number")),
        *(title.format(number) for number in range(1, 16) for title in _TAXONOMY),
        *(title.format(number) for number in range(1, 51) for title in _OTHER),
        *("Is Sole Proprietor", "Is Organization Subpart", "Parent Organization LBN", "Parent Organization TIN"),
        *(f"{OFFICIAL} {part}" for part in ("Name Prefix Text", "Name Suffix Text", "Credential Text")),
        *(f"Healthcare Provider Taxonomy Group_{number}" for number in range(1, 16)),
        "Certification Date",
    ]


_TAXONOMY = (
    "Healthcare Provider Taxonomy Code_{}",
    "Provider License Number_{}",
    "Provider License Number State Code_{}",
    "Healthcare Provider Primary Taxonomy Switch_{}",
)
_OTHER = (
    "Other Provider Identifier_{}",
    "Other Provider Identifier Type Code_{}",
    "Other Provider Identifier State_{}",
    "Other Provider Identifier Issuer_{}",
)


def person(npi: str, **said: str) -> dict[str, str]:
    """Return the line of a clinician, but for what is said otherwise, by NPPES's titles."""
    return {
        "NPI": npi,
        "Entity Type Code": "1",
        "Provider Last Name (Legal Name)": "RIVERA",
        "Provider First Name": "ANA",
        "Provider Credential Text": "MD",
        "Provider First Line Business Practice Location Address": "100 EXAMPLE ST",
        f"{PLACE} City Name": "NEW HAVEN",
        f"{PLACE} State Name": "CT",
        f"{PLACE} Postal Code": "065100000",
        f"{PLACE} Telephone Number": "2035550123",
        f"{PLACE} Fax Number": "2035550124",
        "Last Update Date": "07/21/2026",
        "Healthcare Provider Taxonomy Code_1": "2084P0800X",
        "Healthcare Provider Primary Taxonomy Switch_1": "Y",
    } | said


def lines(rows: Iterator[dict[str, str]]) -> Iterator[str]:
    """Yield the file's text, header first, every field in quotes as NPPES has it."""
    titles = header()
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(titles)
    for row in rows:
        writer.writerow([row.get(title, "") for title in titles])
        if out.tell() > 1_000_000:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def people(count: int, *, seed: int = 1) -> Iterator[dict[str, str]]:
    """Yield so many made-up clinicians and, one in five, organisations; every hundredth is deactivated."""
    draw = random.Random(seed)
    for number, npi in zip(range(count), _npis(), strict=False):
        family = "".join(draw.choices(SYLLABLES, k=3))
        state = {f"{PLACE} State Name": draw.choice(STATES)}
        if number % 100 == 99:
            yield {"NPI": npi, "NPI Deactivation Date": "01/15/2026"}
        elif number % 5 == 4:
            named = {"Provider Organization Name (Legal Business Name)": f"{family} MEDICAL GROUP", "Entity Type Code": "2"}
            yield person(npi, **named, **state, **{"Provider Last Name (Legal Name)": "", "Provider First Name": ""})
        else:
            yield person(npi, **state, **{"Provider Last Name (Legal Name)": family, "Provider First Name": draw.choice(GIVEN)})


def write(path: Path, count: int) -> None:
    """Write a file of so many lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(people(count)))


def _npis() -> Iterator[str]:
    for start in range(100_000_000, 300_000_000):
        yield next(f"{start}{last}" for last in "0123456789" if valid_npi(f"{start}{last}"))
