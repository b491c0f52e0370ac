"""What a person may send us about a consultation: the one model of page, embedded form and API."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticCustomError

from leads.clinic.profile import Language, clinic
from leads.clock import now
from leads.security.identifiers import normal_email, normal_phone

ADULT = 18
UNDER_AGE = "under_age"
# Overrides of the writing direction can make an address read as another one.
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _plain_text(value: Any) -> Any:
    """Return text in one Unicode form, without control characters; what is blank was not given."""
    if not isinstance(value, str):
        return value
    lines = unicodedata.normalize("NFC", DIRECTION.sub("", value)).replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    return kept.strip() or None


def _one_line(value: Any) -> Any:
    plain = _plain_text(value)
    return " ".join(plain.split()) if isinstance(plain, str) else plain


def _said(code: str, words: str) -> WrapValidator:
    """Answer in our own words whatever the type alone finds wrong with a value."""

    def check(value: Any, inner: Any) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise PydanticCustomError(code, words) from None

    return WrapValidator(check)


def _one_of(codes: Iterable[str]) -> str:
    return f"Choose one of {', '.join(codes)}."


def _needed(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("missing", "Please fill this in.")
    return value


def _email(value: str | None) -> str | None:
    if value is None:
        return None
    address = normal_email(value)
    if address is None:
        raise PydanticCustomError("no_email", "This is not a complete e-mail address. It should look like name@example.com.")
    return address


def _phone(value: str | None) -> str | None:
    if value is None:
        return None
    number = normal_phone(value)
    if number is None:
        raise PydanticCustomError("no_phone", "This number cannot be dialled. Give it with area code, such as 203-555-0123.")
    return number


def _born(value: date | None) -> date | None:
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


def _whom(value: str) -> str:
    if value == "minor":
        raise PydanticCustomError(UNDER_AGE, "We can only take inquiries for adults. Please call the office. Nothing was stored.")
    return value


def _office(code: str) -> str:
    return _known(code, [office.code for office in clinic().offices] + ["none"])


def _interest(code: str | None) -> str | None:
    return code and _known(code, [choice.code for choice in clinic().interests])


def _heard_from(code: str | None) -> str | None:
    return code and _known(code, [choice.code for choice in clinic().heard_from])


def _known(code: str, codes: list[str]) -> str:
    if code not in codes:
        raise PydanticCustomError("unknown_choice", "{words}", {"words": _one_of(codes)})
    return code


def _else(default: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: default if value is None or value == "" else value)


def _at_most(characters: int) -> WrapValidator:
    return _said("too_long", f"Please write at most {characters:,} characters here; you can tell us the rest when we call.")


def _choice(*codes: str) -> WrapValidator:
    return _said("unknown_choice", _one_of(codes))


Line = BeforeValidator(_one_line)
Lines = BeforeValidator(_plain_text)
Name = Annotated[str, Field(max_length=80), _at_most(80)]
ShortText = Annotated[str | None, Field(max_length=100), _at_most(100), Line]
YesNo = Annotated[bool, _said("no_yes_or_no", "Answer with true or false.")]
Whom = Literal["self", "someone_else", "minor"]
ReachBy = Literal["any", "phone", "text", "email"]
A_DATE = _said("no_date", "This is not a date. Write it like 1985-07-21.")
ReachWhen = Literal["any", "morning", "afternoon", "evening"]


class Asked(BaseModel):
    """The base of what is sent in: unknown keys are refused, so that nobody believes we kept them."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConsentGiven(Asked):
    """What the person agreed to, and which version of the words they read."""

    contact: YesNo = Field(description="must be true: we may answer this inquiry")
    education: YesNo = Field(False, description="we may send educational e-mails")
    unencrypted_email: YesNo = Field(False, description="e-mails may mention health topics")
    wording: str = Field(description="the version of the wording that was shown, such as 2026-11")

    @field_validator("contact")
    @classmethod
    def _must_be_given(cls, value: bool) -> bool:
        if not value:
            raise PydanticCustomError("required", "We can only answer if we may contact you. Please tick this box, or call us.")
        return value

    @field_validator("wording")
    @classmethod
    def _must_be_ours(cls, value: str) -> str:
        if value != clinic().consent.version:
            words = "The wording has changed since this page was opened. Please read it again; the current version is {version}."
            raise PydanticCustomError("unknown_wording", words, {"version": clinic().consent.version})
        return value


class Campaign(Asked):
    """Where a link that led here was placed; nothing about the person."""

    source: ShortText = None
    medium: ShortText = None
    name: ShortText = None


class Submission(Asked):
    """An inquiry about a consultation."""

    for_whom: Annotated[Whom, _choice("self", "someone_else", "minor"), AfterValidator(_whom), _else("self")] = "self"
    given_name: Annotated[Name, BeforeValidator(_needed), Line] = Field(description="of the person who writes")
    family_name: Annotated[Name | None, Line] = None
    email: Annotated[str | None, AfterValidator(_email), Line] = Field(None, description="this or `phone`")
    phone: Annotated[str | None, AfterValidator(_phone), Line] = Field(
        None, validate_default=True, description="this or `email`; kept as E.164, a US number where no country code is given"
    )
    birth_date: Annotated[date | None, A_DATE, AfterValidator(_born), Line] = None
    language: Annotated[Language, _choice("en", "es"), _else("en")] = "en"
    reach_by: Annotated[ReachBy, _choice("any", "phone", "text", "email"), _else("any")] = "any"
    reach_when: Annotated[ReachWhen, _choice("any", "morning", "afternoon", "evening"), _else("any")] = "any"
    safe_voicemail: YesNo = Field(False, description="we may leave a message on this number")
    safe_email: YesNo = Field(True, description="we may write to this address")
    office: Annotated[str, AfterValidator(_office), _else("none")] = Field("none", description="an office's code, or none")
    interest: Annotated[str | None, AfterValidator(_interest), _else(None)] = None
    insurance_question: Annotated[str | None, Field(max_length=1000), _at_most(1000), Lines] = None
    heard_from: Annotated[str | None, AfterValidator(_heard_from), _else(None)] = None
    message: Annotated[str | None, Field(max_length=4000), _at_most(4000), Lines] = None
    consent: ConsentGiven
    campaign: Campaign | None = None

    @field_validator("phone")
    @classmethod
    def _one_way_to_answer(cls, value: str | None, info: ValidationInfo) -> Any:
        # An e-mail address that was given and is wrong is not in `data`: it has its own words already.
        if value is None and "email" in info.data and info.data["email"] is None:
            raise PydanticCustomError("email_or_phone", "Give an e-mail address or a phone number, so that we can answer.")
        return value


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
