"""One line as a person: by the same rules as our forms, in the words of a spreadsheet."""

from typing import Any

import pytest
from pydantic import ValidationError

from leads.imports.candidate import Candidate, candidate, complaints

pytestmark = pytest.mark.usefixtures("tuesday")


def line(**said: str) -> Candidate:
    said = {"given_name": "Ana", "email": "ana@example.com"} | said
    return candidate(list(said.values()), {str(place): name for place, name in enumerate(said)}, office="woodbury")


def wrong(**said: str) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        line(**said)
    return [(each["field"], each["code"]) for each in complaints(refused.value)]


@pytest.mark.parametrize("day", ["1985-07-21", "7/21/1985", "07/21/1985"])
def test_a_day_may_be_written_as_spreadsheets_do(day: str) -> None:
    assert str(line(birth_date=day).birth_date) == "1985-07-21"


@pytest.mark.parametrize(
    ("whole", "parts"), [("Ana Maria Rivera", ("Ana Maria", "Rivera")), ("Rivera, Ana", ("Ana", "Rivera")), ("Ana", ("Ana", None))]
)
def test_a_whole_name_is_parted(whole: str, parts: tuple[str, str | None]) -> None:
    found = candidate([whole, "203-555-0123"], {"0": "full_name", "1": "phone"}, office="none")
    assert (found.given_name, found.family_name) == parts


@pytest.mark.parametrize(("said", "kept"), [({"office": "New Haven"}, "new-haven"), ({"office": "woodbury"}, "woodbury"), ({}, "woodbury")])
def test_an_office_is_known_by_its_name_and_else_the_chosen_one(said: dict[str, str], kept: str) -> None:
    assert line(**said).office == kept


@pytest.mark.parametrize(("said", "kept"), [("Español", "es"), ("EN", "en"), ("english", "en")])
def test_a_language_is_known_by_its_name(said: str, kept: str) -> None:
    assert line(language=said).language == kept


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"given_name": ""}, ("given_name", "missing")),
        ({"email": "ana@"}, ("email", "no_email")),
        ({"email": ""}, ("phone", "email_or_phone")),
        ({"phone": "12"}, ("phone", "no_phone")),
        ({"birth_date": "1/2/2015"}, ("birth_date", "under_age")),
        ({"birth_date": "21.7.85"}, ("birth_date", "no_date")),
        ({"office": "Hartford"}, ("office", "unknown_choice")),
        ({"language": "Klingon"}, ("language", "unknown_choice")),
        ({"contact": "maybe"}, ("contact", "no_yes_or_no")),
        ({"consent_date": "3/4/2031"}, ("consent_date", "in_future")),
        ({"asked_on": "13/40/2026"}, ("asked_on", "date_from_datetime_parsing")),
    ],
)
def test_what_is_wrong_names_the_column(said: dict[str, str], found: tuple[str, str]) -> None:
    assert found in wrong(**said)


def test_no_complaint_repeats_what_stood_in_a_cell() -> None:
    with pytest.raises(ValidationError) as refused:
        line(email="secret@", phone="secret", birth_date="secret", office="secret", contact="secret", asked_on="secret")
    told: Any = complaints(refused.value)
    assert len(told) == 6
    assert "secret" not in str(told)


def test_a_consent_counts_only_with_its_date_and_source() -> None:
    full = {"contact": "yes", "education": "x", "consent_source": "Paper form", "consent_date": "2026-03-04"}
    assert line(**full).grants == ["contact", "education"]
    assert [line(**(full | {name: ""})).grants for name in ("consent_source", "consent_date")] == [[], []]
