"""A clinician is found by NPI or by the beginning of a name, our own state first."""

import pytest
from sqlalchemy.orm import Session

from benchmarks.nppes import PLACE
from leads.providers.directory import choices, home_state, look_up, search
from leads.providers.store import store
from tests.providers.cast import ANA, BEN, CARLA, line


@pytest.fixture
def registry(session: Session) -> Session:
    """Ana Rivera and Carla Núñez O'Brien in New York, Ben Rivera in Connecticut, Elm Medical Group."""
    ny, family = {f"{PLACE} State Name": "NY"}, "Provider Last Name (Legal Name)"
    group = {"Provider Organization Name (Legal Business Name)": "RIVERSIDE MEDICAL GROUP", family: "", "Provider First Name": ""}
    lines = [line(ANA, ny), line(BEN, {"Provider First Name": "BEN"}), line(CARLA, ny, {family: "NÚÑEZ-O'BRIEN"})]
    store(session, [*lines, line("1000000012", group)])
    return session


def names(session: Session, words: str, state: str | None = None) -> list[str]:
    return [entry.full_name for entry in search(session, words, state=state)]


def test_an_npi_finds_its_entry(registry: Session) -> None:
    entry = look_up(registry, ANA)
    assert entry is not None
    assert entry.full_name == "Ana Rivera"


def test_an_unknown_npi_finds_nobody(registry: Session) -> None:
    assert look_up(registry, "1000000020") is None


@pytest.mark.parametrize("words", ["rivera a", "Ana Riv", "RIVERA, Ana", "Dr. Ana M. Rivera, MD", "ána rivera"])
def test_either_name_may_come_first_and_the_last_one_in_part(registry: Session, words: str) -> None:
    assert names(registry, words) == ["Ana Rivera"]


def test_our_own_state_comes_first(registry: Session) -> None:
    assert home_state() == "CT"
    assert names(registry, "rivera") == ["Ben Rivera", "Ana Rivera"]


def test_another_state_may_come_first(registry: Session) -> None:
    assert names(registry, "rivera", state="NY") == ["Ana Rivera", "Ben Rivera"]


@pytest.mark.parametrize("words", ["nunez", "NÚÑEZ o'brien", "Nuñez-OBrien"])
def test_accents_hyphens_and_apostrophes_don_t_matter(registry: Session, words: str) -> None:
    assert names(registry, words) == ["Ana Núñez-O'Brien"]


def test_an_organisation_is_found(registry: Session) -> None:
    assert names(registry, "riverside med") == ["Riverside Medical Group"]


@pytest.mark.parametrize("words", ["", "r", "%", "ri%", "%%%", "zzz", "' OR 1=1"])
def test_what_is_too_short_or_fits_nobody_finds_nobody(registry: Session, words: str) -> None:
    assert [name for name in names(registry, words) if not name.startswith(("Ben", "Ana", "River"))] == []
    assert names(registry, words) == [] or words == "ri%"


def test_a_deactivated_clinician_is_not_offered(registry: Session) -> None:
    store(registry, [line(ANA, {"NPI Deactivation Date": "08/01/2026"}, blank=True)])
    assert (names(registry, "ana rivera"), choices(registry, ANA)) == ([], [])


def test_a_form_gets_a_few_public_fields(registry: Session) -> None:
    (choice,) = choices(registry, f" {ANA} ")
    assert choice == {
        "npi": ANA,
        "name": "Ana Rivera",
        "given_name": "Ana",
        "family_name": "Rivera",
        "organization": None,
        "credential": "MD",
        "city": "New Haven",
        "state": "NY",
        "phone": "+12035550123",
        "fax": "+12035550124",
    }
    assert [each["name"] for each in choices(registry, "rivera")] == ["Ben Rivera", "Ana Rivera"]
