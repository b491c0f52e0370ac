"""What a person may send us about a consultation: the one model of page, embedded form and API."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from leads.clinic.profile import clinic
from leads.clinic.typed import (
    UNDER_AGE,
    Asked,
    BirthDate,
    Email,
    GivenName,
    Lines,
    OfficeCode,
    OptionalName,
    Phone,
    ShortText,
    SpokenLanguage,
    Wording,
    YesNo,
    at_most,
    choice,
    known_code,
    or_else,
)


def _whom(value: str) -> str:
    if value == "minor":
        raise PydanticCustomError(UNDER_AGE, "We can only take inquiries for adults. Please call the office. Nothing was stored.")
    return value


def _interest(code: str | None) -> str | None:
    return code and known_code(code, [each.code for each in clinic().interests])


def _heard_from(code: str | None) -> str | None:
    return code and known_code(code, [each.code for each in clinic().heard_from])


def one_way_to_answer(phone: str | None, info: ValidationInfo) -> str | None:
    """Return the number, which may be missing only where there is an address."""
    # An e-mail address that was given and is wrong is not in `data`: it has its own words already.
    if phone is None and "email" in info.data and info.data["email"] is None:
        raise PydanticCustomError("email_or_phone", "Give an e-mail address or a phone number, so that we can answer.")
    return phone


Whom = Literal["self", "someone_else", "minor"]
ReachBy = Literal["any", "phone", "text", "email"]
ReachWhen = Literal["any", "morning", "afternoon", "evening"]
Interest = Annotated[str | None, AfterValidator(_interest), or_else(None)]


class ConsentGiven(Asked):
    """What the person agreed to, and which version of the words they read."""

    contact: YesNo = Field(description="must be true: we may answer this inquiry")
    education: YesNo = Field(False, description="we may send educational e-mails")
    unencrypted_email: YesNo = Field(False, description="e-mails may mention health topics")
    wording: Wording

    @field_validator("contact")
    @classmethod
    def _must_be_given(cls, value: bool) -> bool:
        if not value:
            raise PydanticCustomError("required", "We can only answer if we may contact you. Please tick this box, or call us.")
        return value


class Campaign(Asked):
    """Where a link that led here was placed; nothing about the person."""

    source: ShortText = None
    medium: ShortText = None
    name: ShortText = None


class Submission(Asked):
    """An inquiry about a consultation."""

    for_whom: Annotated[Whom, choice("self", "someone_else", "minor"), AfterValidator(_whom), or_else("self")] = "self"
    given_name: GivenName = Field(description="of the person who writes")
    family_name: OptionalName = None
    email: Email = Field(None, description="this or `phone`")
    phone: Phone = Field(
        None, validate_default=True, description="this or `email`; kept as E.164, a US number where no country code is given"
    )
    birth_date: BirthDate = None
    language: SpokenLanguage = "en"
    reach_by: Annotated[ReachBy, choice("any", "phone", "text", "email"), or_else("any")] = "any"
    reach_when: Annotated[ReachWhen, choice("any", "morning", "afternoon", "evening"), or_else("any")] = "any"
    safe_voicemail: YesNo = Field(False, description="we may leave a message on this number")
    safe_email: YesNo = Field(True, description="we may write to this address")
    office: OfficeCode = Field("none", description="an office's code, or none")
    interest: Interest = None
    insurance_question: Annotated[str | None, Field(max_length=1000), at_most(1000), Lines] = None
    heard_from: Annotated[str | None, AfterValidator(_heard_from), or_else(None)] = None
    message: Annotated[str | None, Field(max_length=4000), at_most(4000), Lines] = None
    consent: ConsentGiven
    campaign: Campaign | None = None

    @field_validator("phone")
    @classmethod
    def _one_way_to_answer(cls, value: str | None, info: ValidationInfo) -> Any:
        return one_way_to_answer(value, info)


class Correction(Asked):
    """What a colleague may put right of what somebody once sent in, checked as it was then."""

    given_name: GivenName
    family_name: OptionalName = None
    email: Email = None
    phone: Phone = Field(None, validate_default=True)
    birth_date: BirthDate = None
    language: SpokenLanguage = "en"
    safe_voicemail: YesNo = False
    office: OfficeCode = "none"
    interest: Interest = None

    @field_validator("phone")
    @classmethod
    def _one_way_to_answer(cls, value: str | None, info: ValidationInfo) -> Any:
        return one_way_to_answer(value, info)
