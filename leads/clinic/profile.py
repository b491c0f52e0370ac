"""The clinic as configured: practice, offices, hours, closures, wordings; nothing in the code is about one clinic."""

from datetime import date
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from config.settings import settings
from leads.clinic.hours import WEEKDAYS, OpeningSpan, Weekday
from leads.clinic.on_call import OnCall
from leads.clinic.read_yaml import Strict, read_yaml
from leads.clinic.sender import DiscreetName, DiscreetUrl, Dkim, Domain, Mailbox, OutgoingAddress, SenderName
from leads.clinic.visits import Visits, check_calendars
from leads.clock import Calendar

Language = Literal["en", "es"]


def _zone(name: Any) -> ZoneInfo:
    try:
        return name if isinstance(name, ZoneInfo) else ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name} is no IANA time zone; write one like America/New_York") from None


def _opens(hours: dict[Any, Any]) -> dict[Any, Any]:
    if not any(hours.values()):
        raise ValueError('an office opens on one day at least; write monday: ["09:00-17:00"]')
    return hours


def _in_force(phrases: dict[Any, list[str]]) -> dict[Any, list[str]]:
    # A blank phrase is found in every text, and no phrase in none: either way nobody would be heard.
    for language in ("en", "es"):
        if not phrases.get(language) or not all(any(map(str.isalnum, phrase)) for phrase in phrases[language]):
            raise ValueError(f"{language} needs its phrases of self-harm, none of them blank")
    return phrases


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Words = dict[Language, str]


class Closure(Strict):
    """A day an office is closed, beside the federal holidays."""

    date: date
    name: str


def _both(words: dict[Any, str]) -> dict[Any, str]:
    if not all((words.get(language) or "").strip() for language in ("en", "es")):
        raise ValueError("needs its words in en and in es")
    return words


BothWords = Annotated[Words, AfterValidator(_both)]


class Arriving(Strict):
    """What a visitor of an office should know beside its address; a clinician of the clinic approves these words."""

    directions: BothWords | None = None
    bring: BothWords | None = None
    ride_home: BothWords | None = None


class Office(Strict):
    """One of our offices."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    name: str
    address: list[str]
    phone: str
    # The office's own mailbox, for what its people must know when nobody else can be told; the practice's reply_to where none is given.
    email: str | None = None
    parking: Words
    arriving: Arriving = Arriving()
    map_url: Annotated[str, Field(pattern="^https://")]
    zone: Zone
    # An office that never opens could keep no promise: every inquiry to it would fail.
    hours: Annotated[
        dict[Weekday, list[OpeningSpan]],
        AfterValidator(_opens),
    ]
    closures: list[Closure] = []

    @cached_property
    def calendar(self) -> Calendar:
        """When this office is open: its hours, less federal holidays and its own closures."""
        hours = {WEEKDAYS.index(day): tuple(spans) for day, spans in self.hours.items()}
        return Calendar(self.zone, hours, self.closed_because)

    def closed_because(self, day: date) -> str | None:
        """Return the name of the holiday or closure that shuts the office on `day`, or None."""
        return self._own_closures.get(day) or _federal_holiday(day)

    @cached_property
    def _own_closures(self) -> dict[date, str]:
        return {closure.date: closure.name for closure in self.closures}


class Practice(Strict):
    """The clinic as a whole."""

    name: str
    legal_name: str
    phone: str
    website: str
    privacy_notice_url: str
    postal_address: str


class Caps(Strict):
    """How many mails of all sequences together one person gets at most; what somebody's own act asks for is not counted."""

    a_day: Annotated[int, Field(ge=1)] = 2
    a_week: Annotated[int, Field(ge=1)] = 5


# Slower than one in a hundred seconds is no rate but a stop, for which there is `handoff pause-sending`.
Rate = Annotated[float, Field(ge=0.01, le=100_000, allow_inf_nan=False)]


def _domains(rates: dict[str, float]) -> dict[str, float]:
    for domain in rates:
        if "@" in domain or "." not in domain:
            raise ValueError(f"{domain} is no domain; write what stands after the @, like example.com")
    return {domain.lower(): rate for domain, rate in rates.items()}


class Rates(Strict):
    """How fast the mail service, and each recipient's domain, lets us send; real seconds."""

    per_second: Rate
    per_domain_per_second: Rate
    domains: Annotated[dict[str, Rate], AfterValidator(_domains)] = {}
    without_redis_per_second: Rate = 1.0


class WarmUp(Strict):
    """How a new sender's days grow: so many mails on the first, `growth` times as many on each that follows."""

    starts: date
    first_day: Annotated[int, Field(ge=1)]
    growth: Annotated[float, Field(gt=1, le=3)]


CarrierName = Annotated[str, Field(pattern="^[a-z]+$")]


def _one_or_two(names: list[str]) -> list[str]:
    if len(names) not in (1, 2) or len(set(names)) != len(names):
        raise ValueError("name the carrier, and after it one other for when the first takes nothing, like [postmark, ses]")
    return names


Way = Annotated[list[CarrierName], AfterValidator(_one_or_two)]


class Ways(Strict):
    """Which carrier takes each lane's mail, and which one after it; what is not named goes the way of `default`."""

    default: Way = ["smtp"]
    safety: Way | None = None
    transactional: Way | None = None
    reminder: Way | None = None
    education: Way | None = None

    def of(self, lane: str | None) -> list[str]:
        """Return the carriers of a lane, the first choice first."""
        return getattr(self, lane or "default", None) or self.default

    @property
    def every(self) -> list[str]:
        """Return every carrier some lane may use."""
        ways = [self.of(name) for name in type(self).model_fields]
        return sorted({name for way in ways for name in way})


class Agreement(Strict):
    """The business associate agreement with a carrier (45 CFR 164.504(e)): when it was signed and where it lies; or that there is none
    to sign, for the server is the clinic's own."""

    signed: date | None = None
    reference: str | None = None
    own_server: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> "Agreement":
        if not self.own_server and not (self.signed and self.reference):
            raise ValueError("write the day it was signed and where it lies, as signed and reference; or own_server: true")
        return self


class Mail(Strict):
    """Who our mails come from, how many one person gets, and how fast they go out; no `rates` means as fast as they can."""

    from_name: SenderName
    discreet_name: DiscreetName
    from_address: Mailbox
    reply_to: Mailbox
    domain: Domain
    list_domain: Domain
    carriers: Ways = Ways()
    agreements: dict[CarrierName, Agreement] = {}
    # Where the links of a discreet person's mails lead: another name of this same site; the public one where none is given.
    discreet_url: DiscreetUrl | None = None
    dkim: Dkim = Dkim(sign=False)
    # The addresses our mail leaves from, where it leaves from servers of our own; `handoff doctor mail` looks at them.
    sends_from: tuple[OutgoingAddress, ...] = ()
    caps: Caps = Caps()
    rates: Rates | None = None
    warm_up: WarmUp | None = None
    day_quota: Annotated[int, Field(ge=1)] | None = None
    catch_up_per_minute: Rate = 60.0


class Promise(Strict):
    """How soon a person hears from us, in business days."""

    business_days: Annotated[int, Field(ge=1, le=10)]


class StaffMail(Strict):
    """What we are told by mail ourselves: each with a number, never with a name."""

    # To the mailbox of the office it is for.
    new_lead: bool = False
    bounced: bool = True
    # To each colleague who asked for it at /console/brief, on business days, by the clock of the default office.
    daily_brief_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "07:30"


class Wording(Strict):
    """The words of one version of the consents, by grant and language."""

    version: str
    contact: Words
    education: Words
    unencrypted_email: Words
    status_to_referrer: Words


class Choice(Strict):
    """A code people may choose, and its words."""

    code: str
    words: Words


Level = Literal["acknowledged", "attendance", "stage", "full"]


class Outcome(Choice):
    """How a lead may end, and what that is to the clinician who sent it."""

    referral: Literal["declined", "closed"] = "closed"


class Referrals(Strict):
    """What a referral may name, why one is declined, and where else a patient may find help."""

    contraindications: list[Choice]
    decline_reasons: list[Choice]
    destinations: list[Choice]
    # A referrer who owes us an answer is reminded after so many business days, then phoned.
    nudges_after: tuple[int, ...] = (2, 5)


class Limits(Strict):
    """How often is too often (real time)."""

    submissions_per_hour_per_source: int = 10
    mails_per_hour_per_address: int = 2
    mails_per_day_per_address: int = 5
    minimum_fill_seconds: int = 3


class Clinic(Strict):
    """config/clinic.yml."""

    practice: Practice
    mail: Mail
    promise: Promise
    staff_mail: StaffMail = StaffMail()
    limits: Limits = Limits()
    # These go into a header as they stand: a space or a semicolon would begin another rule of it.
    embed_origins: list[Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.*:\[\]-]+$")]] = []
    default_office: str
    offices: Annotated[list[Office], Field(min_length=1)]
    visits: Visits = Visits()
    interests: list[Choice]
    heard_from: list[Choice]
    outcomes: list[Outcome]
    referrals: Referrals
    consent: Wording
    # What a patient's grant lets us tell whoever sent them; more than attendance needs a wording that says so.
    disclosure_with_grant: Level = "attendance"
    safety_phrases: Annotated[dict[Language, list[str]], AfterValidator(_in_force)]
    crisis_text: Words
    on_call: OnCall = OnCall()

    @field_validator("visits")
    @classmethod
    def _of_our_offices(cls, visits: Visits, info: ValidationInfo) -> Visits:
        # Where the offices themselves are wrong, that is said first, and nothing can be said about their calendars.
        offices = info.data.get("offices")
        return check_calendars(visits, [office.code for office in offices]) if offices else visits

    @model_validator(mode="after")
    def _hangs_together(self) -> "Clinic":
        codes = [office.code for office in self.offices]
        if self.default_office not in codes:
            raise ValueError(f"default_office must be one of {', '.join(codes)}")
        if len(set(codes)) != len(codes) or "none" in codes:
            raise ValueError("offices need different codes, and `none` means no preference")
        if unknown := {shift.office for shift in self.on_call.shifts} - {None, *codes}:
            raise ValueError(f"on_call.shifts: there is no office {', '.join(sorted(map(str, unknown)))}; there are {', '.join(codes)}")
        if self.on_call.staffed and not self.on_call.shifts:
            raise ValueError("on_call.staffed needs shifts: with nobody on call, nobody may be asked what only a human can answer")
        if self.practice.name.lower() in self.mail.discreet_name.lower():
            raise ValueError("mail.discreet_name says the practice's name; a discreet sender is known by another")
        for language in ("en", "es"):
            if "988" not in self.crisis_text.get(language, ""):
                raise ValueError(f"crisis_text.{language} must be there and name 988: nothing starts without it")
        return self

    def office(self, code: str | None) -> Office:
        """Return the office of this code; the default one for `none` or an unknown code."""
        found = (office for wanted in (code, self.default_office) for office in self.offices if office.code == wanted)
        return next(found)


@lru_cache
def _federal_holidays() -> Any:
    # Observed days included: when the Fourth is a Saturday, the office is closed on Friday.
    return holidays.country_holidays("US", observed=True)


# Every plan asks about the same few weeks, and the calendar of holidays reads each date anew.
@lru_cache(maxsize=4096)
def _federal_holiday(day: date) -> str | None:
    name: str | None = _federal_holidays().get(day)
    return name


@lru_cache
def clinic() -> Clinic:
    """Return this process's clinic; raises ConfigError naming file and line."""
    return read_yaml(settings().handoff_clinic_file, Clinic)
