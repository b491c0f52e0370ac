"""One line of a spreadsheet as a person: checked by the same rules as our own forms."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from leads.clinic.profile import clinic
from leads.clinic.typed import (
    Asked,
    BirthDate,
    Email,
    GivenName,
    Line,
    Lines,
    OfficeCode,
    OptionalName,
    Phone,
    ShortText,
    SpokenLanguage,
    at_most,
)
from leads.clock import now
from leads.imports.columns import CONSENTS

YES = frozenset({"yes", "y", "true", "1", "x", "✓", "si", "sí"})
NO = frozenset({"no", "n", "false", "0", "-"})
LANGUAGES = {"english": "en", "inglés": "en", "spanish": "es", "español": "es", "espanol": "es"}
AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def _yes(value: Any) -> Any:
    said = str(value or "").strip().casefold()
    if said and said not in YES | NO:
        raise PydanticCustomError("no_yes_or_no", "A consent is yes or no. Leave the cell empty where it is not known.")
    return said in YES


def _day(value: Any) -> Any:
    """Return a day as spreadsheets write it here, 7/21/1985, as 1985-07-21; anything else as it is."""
    found = AMERICAN.fullmatch(value.strip()) if isinstance(value, str) else None
    return f"{found[3]}-{found[1]:0>2}-{found[2]:0>2}" if found else value


def _past(value: date | None) -> date | None:
    if value is not None and value > now().astimezone(clinic().office(None).zone).date():
        raise PydanticCustomError("in_future", "This date has not come yet. Check the year.")
    if value is not None and value.year < 1990:
        raise PydanticCustomError("too_long_ago", "This date is too long ago. Write the year with four digits, such as 2026.")
    return value


def _office(value: Any) -> Any:
    codes = {each.name.casefold(): each.code for each in clinic().offices}
    return codes.get(str(value or "").strip().casefold(), value)


def _language(value: Any) -> Any:
    said = str(value or "").strip().casefold()
    return LANGUAGES.get(said, said or None)


Yes = Annotated[bool, BeforeValidator(_yes)]
Day = Annotated[date | None, AfterValidator(_past), BeforeValidator(_day), Line]


class Candidate(Asked):
    """Somebody as a line of a spreadsheet names them."""

    given_name: GivenName
    family_name: OptionalName = None
    email: Email = None
    phone: Phone = Field(None, validate_default=True)
    birth_date: Annotated[BirthDate, BeforeValidator(_day)] = None
    language: Annotated[SpokenLanguage, BeforeValidator(_language)] = "en"
    office: Annotated[OfficeCode, BeforeValidator(_office)] = "none"
    asked_on: Day = None
    note: Annotated[str | None, Field(max_length=10_000), at_most(10_000), Lines] = None
    contact: Yes = False
    education: Yes = False
    unencrypted_email: Yes = False
    consent_source: ShortText = None
    consent_date: Day = None

    @field_validator("phone")
    @classmethod
    def _one_way_to_reach(cls, value: str | None, info: ValidationInfo) -> Any:
        if value is None and "email" in info.data and info.data["email"] is None:
            raise PydanticCustomError("email_or_phone", "There is neither an e-mail address nor a phone number.")
        return value

    @property
    def said_yes_to(self) -> list[str]:
        """The consents the line claims."""
        return [kind for kind in CONSENTS if getattr(self, kind)]

    @property
    def grants(self) -> list[str]:
        """The consents that can go on record: those of which the line says when they were given, and how."""
        return self.said_yes_to if self.consent_source and self.consent_date else []


def candidate(cells: Sequence[str], mapping: Mapping[str, str], *, office: str) -> Candidate:
    """Return the person a line names; raises ValidationError. `office` is whose they are where the line does not say."""
    said = {what: cells[int(place)] for place, what in mapping.items() if int(place) < len(cells) and cells[int(place)].strip()}
    whole = said.pop("full_name", "")
    # Named in any case, so that what is missing is missed in our own words.
    return Candidate.model_validate({"given_name": None, "office": office} | _parted(whole) | said)


def complaints(error: ValidationError) -> list[dict[str, str]]:
    """Return what is wrong with a line, in our words: the column it is about, a code and a sentence; never what stood in a cell."""
    return [
        {"field": str(each["loc"][0]) if each["loc"] else "", "code": each["type"], "message": _words(each["type"], each["msg"])}
        for each in error.errors(include_input=False, include_url=False)
    ]


def _words(code: str, message: str) -> str:
    if code.startswith("date"):
        return "This is not a date. Write it like 2026-03-04 or 3/4/2026."
    return message.replace(" Nothing was stored.", " This line is left out.")


def _parted(whole: str) -> dict[str, str]:
    """Return a whole name as given and family name: `Rivera, Ana`, or `Ana Rivera`, whose last word is taken for the family's."""
    if "," in whole:
        family, _, given = whole.partition(",")
    else:
        *first, family = whole.split() or [""]
        given, family = (" ".join(first), family) if first else (family, "")
    return {name: part.strip() for name, part in (("given_name", given), ("family_name", family)) if part.strip()}
