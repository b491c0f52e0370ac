"""Reading NPPES's file as it is published: 330 columns, nine gigabytes, line by line, in memory that does not grow."""

import csv
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import IO, NamedTuple

from leads.errors import LeadsError
from leads.providers.names import plain
from leads.providers.npi import wrong_npi

PLACE = "Provider Business Practice Location Address"
# Our column and the header NPPES publishes for it; `_listed` takes them in this order.
COLUMNS = {
    "npi": "NPI",
    "organization": "Provider Organization Name (Legal Business Name)",
    "family_name": "Provider Last Name (Legal Name)",
    "given_name": "Provider First Name",
    "credential": "Provider Credential Text",
    "address": "Provider First Line Business Practice Location Address",
    "city": f"{PLACE} City Name",
    "state": f"{PLACE} State Name",
    "zip": f"{PLACE} Postal Code",
    "phone": f"{PLACE} Telephone Number",
    "fax": f"{PLACE} Fax Number",
    "taxonomy": "Healthcare Provider Taxonomy Code_1",
    "deactivated_on": "NPI Deactivation Date",
    "reactivated_on": "NPI Reactivation Date",
    "changed_on": "Last Update Date",
    "entity_type": "Entity Type Code",
}
SWITCH = "Healthcare Provider Primary Taxonomy Switch_{}"
TAXONOMIES = 15
LONGEST_LINE = 64 * 1024
DATA_FILE = re.compile(r"npidata_pfile_.*(?<!fileheader)\.csv$", re.IGNORECASE)


class NotNppes(LeadsError):
    """The file is not what NPPES publishes; the message names what is missing and what to take instead."""

    code = "not_nppes"


@dataclass(frozen=True)
class Bad:
    """A line that could not be read: its number in the file, and why."""

    line: int
    why: str


class Listed(NamedTuple):
    """One line as it goes into the registry; `outside` marks one of a state that is not kept."""

    npi: str
    organization: str | None
    family_name: str | None
    given_name: str | None
    credential: str | None
    address: str | None
    city: str | None
    state: str | None
    zip: str | None
    phone: str | None
    fax: str | None
    taxonomy: str | None
    deactivated_on: date | None
    changed_on: date | None
    family_first: str
    given_first: str | None
    outside: bool


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Open NPPES's CSV, or the zip it comes in; yields the lines' stream and its size in bytes. Raises NotNppes, or OSError."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield file, path.stat().st_size
        return
    with zipfile.ZipFile(path) as archive:
        inside = _data_file(archive, path)
        with archive.open(inside) as file:
            yield file, inside.file_size


def read(file: IO[bytes], *, states: Collection[str] = ()) -> Iterator[Listed | Bad]:
    """Yield each line of NPPES's CSV as it goes into the registry, or why it cannot; only `states` are kept, all by default.

    Raises NotNppes, naming the columns, where the header lacks some.
    """
    lines = _lines(file)
    _, first = next(lines, (1, b""))
    header = _fields(first.decode("utf-8-sig", errors="replace"))
    parse = _parser(header, frozenset(states))
    for number, raw in lines:
        # Line by line, not one reader for the file: an open quote spoils its own line, not the next hundred thousand.
        try:
            if text := _text(raw):
                yield parse(_fields(text, len(header)))
        except ValueError as error:
            yield Bad(number, str(error))


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number; of one without an end, as in a file that is no text, only so much that its length shows."""
    number, is_rest = 0, False
    while raw := file.readline(LONGEST_LINE + 1):
        if not is_rest:
            number += 1
            yield number, raw
        is_rest = not raw.endswith(b"\n")


def _text(raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        raise ValueError(f"It is longer than {LONGEST_LINE:,} bytes.")
    if b"\0" in raw:
        raise ValueError("It holds a NUL, which no text does.")
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("It is not UTF-8.") from None


def _fields(text: str, columns: int = 0) -> list[str]:
    # NPPES puts every field in quotes. Where there are no more than those, a split is exact, and three times as fast as a parser.
    if columns and text.count('"') == 2 * columns:
        fields = text[1:-1].split('","')
        if len(fields) == columns and text[0] == text[-1] == '"':
            return fields
    try:
        return next(csv.reader((text,), strict=True), [])
    except csv.Error:
        raise ValueError("Its quotes don't close.") from None


def _parser(header: list[str], states: frozenset[str]) -> Callable[[list[str]], Listed]:
    place = {name: number for number, name in enumerate(title.strip() for title in header)}
    missing = [title for title in COLUMNS.values() if title not in place]
    if missing:
        raise NotNppes(
            f"This is not NPPES's provider file: its first line lacks {', '.join(missing)}. "
            "Take the one named npidata_pfile_….csv out of the monthly or weekly download, or the zip itself."
        )
    pick = itemgetter(*(place[title] for title in COLUMNS.values()))
    switches = [
        (place[SWITCH.format(number)], place[f"Healthcare Provider Taxonomy Code_{number}"])
        for number in range(1, TAXONOMIES + 1)
        if SWITCH.format(number) in place and f"Healthcare Provider Taxonomy Code_{number}" in place
    ]

    def parse(fields: list[str]) -> Listed:
        if len(fields) != len(header):
            raise ValueError(f"It has {len(fields)} fields instead of {len(header)}.")
        return _listed([text.strip() or None for text in pick(fields)], _primary(fields, switches), states)

    return parse


def _listed(said: Sequence[str | None], primary: str | None, states: frozenset[str]) -> Listed:
    npi, organization, family_name, given_name, *place, taxonomy, deactivated_on, reactivated_on, changed_on, _ = said
    if wrong := wrong_npi(npi or ""):
        raise ValueError(wrong.message)
    deactivated, reactivated, updated = _day(deactivated_on), _day(reactivated_on), _day(changed_on)
    gone = deactivated if deactivated and not (reactivated and reactivated >= deactivated) else None
    given, family = plain(given_name), plain(family_name)
    if not gone and not (family or organization):
        raise ValueError("It has neither a family name nor an organisation's name.")
    credential, address, city, state, zip_code, phone, fax = place
    return Listed(
        npi=npi or "",
        organization=organization,
        family_name=family_name,
        given_name=given_name,
        credential=credential,
        address=address,
        city=city,
        state=state,
        zip=zip_code,
        phone=phone,
        fax=fax,
        taxonomy=primary or taxonomy,
        deactivated_on=gone,
        changed_on=max((day for day in (deactivated, reactivated, updated) if day), default=None),
        family_first=f"{family} {given}".strip() if family else plain(organization),
        given_first=f"{given} {family}" if given and family else None,
        outside=bool(states) and state not in states,
    )


def _primary(fields: list[str], switches: list[tuple[int, int]]) -> str | None:
    return next((fields[code] for switch, code in switches if fields[switch] == "Y" and fields[code]), None)


def _day(text: str | None) -> date | None:
    """Return a day as NPPES writes it, 07/21/2026; raises ValueError otherwise."""
    if text is None:
        return None
    try:
        month, day, year = text.split("/")
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError("One of its dates is not written like 07/21/2026.") from None


def _data_file(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    # The download also holds other names, further locations, endpoints, and the bare header of each as a file of its own.
    found = [inside for inside in archive.infolist() if DATA_FILE.search(inside.filename)]
    if not found:
        raise NotNppes(f"{path.name} holds no npidata_pfile_….csv: take NPPES's monthly or weekly download as it comes.")
    return max(found, key=lambda inside: inside.file_size)
