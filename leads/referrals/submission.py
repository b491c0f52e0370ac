"""What a clinician may send us about a patient: the one model of page, API and FHIR bundle, and what a colleague may take down of it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator
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
    Wording,
    YesNo,
    at_most,
    choice,
    known_code,
    needed,
    or_else,
    said,
)
from leads.consent.as_said import AsSaid
from leads.people.match import Identity
from leads.providers.know import Said
from leads.providers.npi import wrong_npi

Urgency = Literal["routine", "urgent", "asap", "stat"]
# We never need one, and what we do not hold nobody can take from us.
SOCIAL_SECURITY_NUMBER = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)")


def _npi(value: str) -> str:
    wrong = wrong_npi(value)
    if wrong is not None:
        raise PydanticCustomError(wrong.code, "{words}", {"words": wrong.message})
    return value


def _npi_if_any(value: str | None) -> str | None:
    return value and _npi(value)


def _no_ssn(value: str | None) -> str | None:
    if value and SOCIAL_SECURITY_NUMBER.search(value):
        raise PydanticCustomError("ssn", "This looks like a Social Security number. Please leave it out: we never need one.")
    return value


def _contraindication(code: str) -> str:
    return known_code(code, [each.code for each in clinic().referrals.contraindications])


NO_SSN = AfterValidator(_no_ssn)
Reason = Annotated[str, Field(max_length=4000), at_most(4000), NO_SSN, BeforeValidator(needed), Lines]
Narrative = Annotated[str | None, Field(max_length=4000), at_most(4000), NO_SSN, Lines]
Short = Annotated[str | None, Field(max_length=200), at_most(200), NO_SSN, Lines]
Weeks = Annotated[int, Field(ge=0, le=1000), said("no_weeks", "Write the number of weeks, such as 8.")]


class SenderGiven(Asked):
    """The clinician who refers, as far as whoever took it down could tell."""

    npi: Annotated[str | None, AfterValidator(_npi_if_any), Line] = None
    given_name: OptionalName = None
    family_name: GivenName
    practice: Annotated[str, Field(max_length=160), at_most(160), BeforeValidator(needed), Line]
    phone: Phone = None
    fax: Phone = None
    email: Email = None


class ProviderGiven(SenderGiven):
    """The clinician who refers."""

    npi: Annotated[str, AfterValidator(_npi), BeforeValidator(needed), Line] = Field(description="ten digits with their check digit")
    phone: Phone = Field(None, description="this, `fax` or `email`")
    email: Email = Field(None, validate_default=True)

    @field_validator("email")
    @classmethod
    def _one_way_to_answer(cls, value: str | None, info: ValidationInfo) -> Any:
        # A number that was given and is wrong is not in `data`: it has its own words already.
        if value is None and all(name in info.data and info.data[name] is None for name in ("phone", "fax")):
            raise PydanticCustomError("way_to_answer", "Give a phone number, fax number or e-mail address, so that we can answer.")
        return value


class SubmitterGiven(Asked):
    """Whoever writes for the clinician, who stays accountable."""

    name: Annotated[str, Field(max_length=120), at_most(120), BeforeValidator(needed), Line]
    email: Email = None


class GrantsGiven(Asked):
    """What the patient agreed to, as the referrer says, and by which version of the words."""

    contact: YesNo = Field(False, description="the clinic may contact the patient about this referral")
    education: YesNo = Field(False, description="the clinic may send educational e-mails")
    unencrypted_email: YesNo = Field(False, description="e-mails to the patient may mention health topics")
    status_to_referrer: YesNo = Field(False, description="the clinic may tell you what becomes of the referral")
    wording: Wording | None = Field(None, validate_default=True, description="needed where any of them is true")

    @field_validator("wording")
    @classmethod
    def _of_what_was_granted(cls, value: str | None, info: ValidationInfo) -> Any:
        if value is None and any(info.data.values()):
            raise PydanticCustomError("missing", "Say by which version of the wording the patient agreed, such as 2026-11.")
        return value


class PatientGiven(Asked):
    """The patient."""

    given_name: GivenName
    family_name: GivenName
    birth_date: BirthDate = None
    email: Email = Field(None, description="this or `phone`")
    phone: Phone = Field(None, validate_default=True, description="this or `email`")
    address: Short = None
    language: SpokenLanguage = "en"
    safe_email: YesNo = Field(True, description="it is safe to write to this address")
    safe_voicemail: YesNo = Field(False, description="it is safe to leave a message on this number")
    consent: GrantsGiven = Field(default_factory=lambda: GrantsGiven.model_validate({}))

    @field_validator("phone")
    @classmethod
    def _one_way_to_reach_them(cls, value: str | None, info: ValidationInfo) -> Any:
        if value is None and "email" in info.data and info.data["email"] is None:
            raise PydanticCustomError("email_or_phone", "Give the patient's e-mail address or phone number, so that we can reach them.")
        return value


class Trial(Asked):
    """A treatment that was tried; two adequate ones are what the clinic looks for."""

    drug: Annotated[str, Field(max_length=100), at_most(100), BeforeValidator(needed), Line]
    dose: ShortText = None
    weeks: Weeks | None = None
    outcome: Short = None


class Written(Asked):
    """A referral as somebody wrote it: what there is of every one of them."""

    provider: SenderGiven
    submitted_by: SubmitterGiven | None = None
    patient: PatientGiven
    reason: Reason
    diagnosis: Short = None
    trials: Annotated[tuple[Trial, ...], Field(max_length=30)] = ()
    contraindications: Annotated[tuple[Annotated[str, AfterValidator(_contraindication)], ...], Field(max_length=30)] = ()
    current_risk: YesNo = Field(False, description="the patient may be in danger now: a clinician is called at once")
    urgency: Annotated[Urgency, choice("routine", "urgent", "asap", "stat"), or_else("routine")] = "routine"
    office: OfficeCode = Field("none", description="an office's code, or none")
    note: Narrative = None
    part2: YesNo = Field(False, description="this comes from a programme under 42 CFR Part 2")

    @model_validator(mode="after")
    def _each_once(self) -> "Written":
        if len(set(self.contraindications)) < len(self.contraindications):
            object.__setattr__(self, "contraindications", tuple(dict.fromkeys(self.contraindications)))
        return self

    @property
    def said(self) -> Said:
        """What this says about its sender; believed by nobody yet."""
        by, who = self.submitted_by, self.provider
        return Said(
            family_name=who.family_name,
            given_name=who.given_name,
            npi=who.npi,
            practice=who.practice,
            phone=who.phone,
            fax=who.fax,
            email=who.email,
            by_name=by.name if by else None,
            by_email=by.email if by else None,
        )

    @property
    def identity(self) -> Identity:
        """Who the patient is, as far as this tells."""
        who = self.patient
        return Identity(who.given_name, who.family_name, who.email, who.phone, who.birth_date)


class Submission(Written):
    """A referral."""

    provider: ProviderGiven


class TakenDown(Written):
    """A referral a colleague took down from a call or a sheet; `consent_said` is who said what the patient agreed to, and how."""

    consent_said: AsSaid | None = None


def as_kept(received: Mapping[str, Any] | None) -> Written:
    """Return a referral as it was kept, whoever wrote it; raises ValidationError for what is none."""
    return TakenDown.model_validate(received)
