"""What people type into our forms, and programs send to our API: the kinds of fields, and our words for what is wrong with one."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from leads.clinic.profile import Language, clinic
from leads.clock import now
from leads.security.identifiers import normal_email, normal_phone

ADULT = 18
UNDER_AGE = "under_age"
# Overrides of the writing direction can make an address read as another one.
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Unicode's Cc, but for the line feed and the tab, and halves of characters (Cs).
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def plain_text(value: Any) -> Any:
    """Return text in one Unicode form, without control characters; what is blank was not given."""
    if not isinstance(value, str):
        return value
    lines = unicodedata.normalize("NFC", DIRECTION.sub("", value)).replace("\r\n", "\n").replace("\r", "\n")
    return CONTROL.sub("", lines).strip() or None


def one_line(value: Any) -> Any:
    """Return text on one line, its spaces made single."""
    plain = plain_text(value)
    return " ".join(plain.split()) if isinstance(plain, str) else plain


def said(code: str, words: str) -> WrapValidator:
    """Answer in our own words whatever the type alone finds wrong with a value."""

    def check(value: Any, inner: Any) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise PydanticCustomError(code, words) from None

    return WrapValidator(check)


def one_of(codes: Iterable[str]) -> str:
    """Return the words for a code that is none of these."""
    return f"Choose one of {', '.join(codes)}."


def needed(value: Any) -> Any:
    """Refuse what was left blank."""
    if value is None:
        raise PydanticCustomError("missing", "Please fill this in.")
    return value


def checked_email(value: str | None) -> str | None:
    """Return an address in its normal form."""
    if value is None:
        return None
    address = normal_email(value)
    if address is None:
        raise PydanticCustomError("no_email", "This is not a complete e-mail address. It should look like name@example.com.")
    return address


def checked_phone(value: str | None) -> str | None:
    """Return a number in E.164."""
    if value is None:
        return None
    number = normal_phone(value)
    if number is None:
        raise PydanticCustomError("no_phone", "This number cannot be dialled. Give it with area code, such as 203-555-0123.")
    return number


def born(value: date | None) -> date | None:
    """Return the birth date of an adult."""
    if value is None:
        return None
    today = now().astimezone(clinic().office(None).zone).date()
    if value > today:
        raise PydanticCustomError("in_future", "This date has not come yet. Check the year.")
    if value.year < 1900:
        raise PydanticCustomError("too_long_ago", "This date is too long ago. Write the year with four digits, such as 1985.")
    if today.year - value.year - ((today.month, today.day) < (value.month, value.day)) < ADULT:
        raise PydanticCustomError(UNDER_AGE, "We can only take inquiries for adults. Please call the office. Nothing was stored.")
    return value


def known_code(code: str, codes: list[str]) -> str:
    """Return a code that is one of these."""
    if code not in codes:
        raise PydanticCustomError("unknown_choice", "{words}", {"words": one_of(codes)})
    return code


def or_else(default: Any) -> BeforeValidator:
    """Take a default for what was left blank."""
    return BeforeValidator(lambda value: default if value is None or value == "" else value)


def at_most(characters: int) -> WrapValidator:
    """Answer in our words where a text is longer than this; what is no text is told so by its type."""
    words = f"Please write at most {characters:,} characters here; you can tell us the rest when we call."

    def check(value: Any, inner: Any) -> Any:
        try:
            return inner(value)
        except ValidationError:
            if isinstance(value, str):
                raise PydanticCustomError("too_long", words) from None
            raise

    return WrapValidator(check)


def choice(*codes: str) -> WrapValidator:
    """Answer with the codes there are."""
    return said("unknown_choice", one_of(codes))


def known_office(code: str) -> str:
    """Return the code of one of our offices, or none."""
    return known_code(code, [office.code for office in clinic().offices] + ["none"])


def this_wording(version: str) -> str:
    """Return the version of the consents' wording, which must be the one in force."""
    if version != clinic().consent.version:
        words = "The wording has changed since this page was opened. Please read it again; the current version is {version}."
        raise PydanticCustomError("unknown_wording", words, {"version": clinic().consent.version})
    return version


Line = BeforeValidator(one_line)
Lines = BeforeValidator(plain_text)
Name = Annotated[str, Field(max_length=80), at_most(80)]
GivenName = Annotated[Name, BeforeValidator(needed), Line]
OptionalName = Annotated[Name | None, Line]
ShortText = Annotated[str | None, Field(max_length=100), at_most(100), Line]
YesNo = Annotated[bool, said("no_yes_or_no", "Answer with true or false.")]
Email = Annotated[str | None, AfterValidator(checked_email), Line]
Phone = Annotated[str | None, AfterValidator(checked_phone), Line]
BirthDate = Annotated[date | None, said("no_date", "This is not a date. Write it like 1985-07-21."), AfterValidator(born), Line]
SpokenLanguage = Annotated[Language, choice("en", "es"), or_else("en")]
OfficeCode = Annotated[str, AfterValidator(known_office), or_else("none")]
Wording = Annotated[str, AfterValidator(this_wording), Field(description="the version of the wording that was shown, such as 2026-11")]


class Asked(BaseModel):
    """The base of what is sent in: unknown keys are refused, so that nobody believes we kept them."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def from_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a form's dotted names as the nested object the model reads; blank fields are left out."""
    nested: dict[str, Any] = {}
    for name, value in form.items():
        group, _, leaf = name.partition(".")
        if not value.strip():
            continue
        place = nested.setdefault(group, {}) if leaf else nested
        if isinstance(place, dict):
            place[leaf or group] = value
    return nested
