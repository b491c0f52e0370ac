"""NPPES's file is read as it comes; a bad line is named and spoils only itself."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from benchmarks.nppes import PLACE, header, people, person
from leads.providers.nppes import Bad, Listed, NotNppes, opened, read
from tests.providers.cast import ANA, BEN, csv_of, line, read_all


def test_the_shape_is_the_published_one() -> None:
    titles = header()
    assert (len(titles), len(set(titles)), titles[:2], titles[-1]) == (330, 330, ["NPI", "Entity Type Code"], "Certification Date")


def test_a_line_becomes_an_entry() -> None:
    listed = line(ANA)
    assert (listed.npi, listed.family_name, listed.given_name, listed.credential) == (ANA, "RIVERA", "ANA", "MD")
    assert (listed.city, listed.state, listed.phone, listed.fax) == ("NEW HAVEN", "CT", "2035550123", "2035550124")
    assert (listed.family_first, listed.given_first, listed.changed_on) == ("rivera ana", "ana rivera", date(2026, 7, 21))


def test_the_primary_taxonomy_is_the_one_switched_on() -> None:
    switched = {"Healthcare Provider Primary Taxonomy Switch_1": "N", "Healthcare Provider Taxonomy Code_3": "363LP0808X"}
    assert line(ANA, switched, {"Healthcare Provider Primary Taxonomy Switch_3": "Y"}).taxonomy == "363LP0808X"


def test_an_organisation_is_found_by_its_name() -> None:
    names = {"Provider Last Name (Legal Name)": "", "Provider First Name": ""}
    listed = line(ANA, names, {"Provider Organization Name (Legal Business Name)": 'ELM "CARE", LLC'})
    assert (listed.organization, listed.family_first, listed.given_first) == ('ELM "CARE", LLC', "elm care llc", None)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_line_ends_don_t_matter(ends: str, mark: str) -> None:
    text = mark + csv_of(person(ANA), person(BEN)).decode().replace("\n", ends)
    assert [listed.npi for listed in read_all(text.encode()) if isinstance(listed, Listed)] == [ANA, BEN]


def test_accents_survive() -> None:
    listed = line(ANA, {"Provider Last Name (Legal Name)": "NÚÑEZ-O'BRIEN"})
    assert (listed.family_name, listed.family_first) == ("NÚÑEZ-O'BRIEN", "nunez obrien ana")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda text: text.replace('"RIVERA"', '"RIVERA'), "quotes"),
        (lambda text: text.replace('"RIVERA",', ""), "329 fields instead of 330"),
        (lambda text: text.replace(ANA, "1234567890"), "check digit"),
        (lambda text: text.replace("07/21/2026", "2026-07-21"), "07/21/2026"),
        (lambda text: text.replace('"RIVERA"', '""'), "neither a family name"),
        (lambda text: text.replace("RIVERA", "RIV\0ERA"), "NUL"),
        (lambda text: text.replace("RIVERA", "R" * 70_000), "longer than"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_kept(spoil: Callable[[str], str], why: str) -> None:
    first, bad, good = csv_of(person(ANA), person(BEN)).decode().removesuffix("\n").split("\n")
    found = read_all("\n".join((first, good, spoil(bad), good)).encode())
    assert [listed.npi for listed in found if isinstance(listed, Listed)] == [BEN, BEN]
    assert [(each.line, why in each.why) for each in found if isinstance(each, Bad)] == [(3, True)]


def test_a_line_that_is_not_utf_8_is_named() -> None:
    found = read_all(csv_of(person(ANA, **{"Provider First Name": "JOSÉ"})).replace("É".encode(), b"\xc9"))
    assert found == [Bad(2, "It is not UTF-8.")]


def test_missing_columns_are_all_named() -> None:
    with pytest.raises(NotNppes, match=r"Provider First Name, .*Postal Code"):
        read_all(csv_of(person(ANA)).replace(b'"Provider First Name"', b'"First"').replace(f'"{PLACE} Postal Code"'.encode(), b'"Zip"'))


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x89PNG\r\n\x1a\n\0\0", b"NPI,Endpoint Type\n1234567893,DIRECT\n"])
def test_another_file_is_refused_with_the_way_out(data: bytes) -> None:
    with pytest.raises(NotNppes, match="npidata_pfile"):
        read_all(data)


def test_the_download_is_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "NPPES_Data_Dissemination_November_2026.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("npidata_pfile_20050523-20261108_fileheader.csv", csv_of())
        archive.writestr("othername_pfile_20050523-20261108.csv", b'"NPI"\n')
        archive.writestr("npidata_pfile_20050523-20261108.csv", csv_of(*people(300)))
    with opened(path) as (file, size):
        assert size > 300_000
        assert sum(isinstance(listed, Listed) for listed in read(file)) == 300


def test_a_zip_without_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat.png", b"\x89PNG")
    with pytest.raises(NotNppes, match=r"photos.zip holds no"), opened(path):
        pass


def test_lines_are_read_as_they_are_asked_for() -> None:
    class Endless(io.RawIOBase):
        """A file that ends in an error after its second line."""

        lines = iter(csv_of(person(ANA)).splitlines(keepends=True))

        def readline(self, size: int | None = -1, /) -> bytes:
            found = next(self.lines, None)
            if found is None:
                raise OSError("read too far")
            return found

    assert isinstance(next(read(Endless())), Listed)  # type: ignore[arg-type]
