"""The inquiry form: shown, sent back with words beside its fields, or kept and thanked for."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.accounts.throttle import count
from leads.clinic.profile import Choice, Language, clinic
from leads.clinic.typed import UNDER_AGE, from_form
from leads.clock import now
from leads.errors import Invalid, TooMany
from leads.http.errors import from_model
from leads.http.public.door import PAGE, Door
from leads.http.public.traps import HIDDEN, OPENED, TRAPS, sprung, stamp
from leads.http.public.typed import Typed
from leads.http.source import source_of
from leads.http.transaction import Db
from leads.http.wording import Words, language_of
from leads.inquiries.receive import Arrival, quarantine, receive
from leads.inquiries.submission import Submission
from leads.pipeline.deadlines import expected_by
from leads.safety.phrases import found

router = APIRouter()
ON_PAGE = (*Submission.model_fields, "consent.contact", "consent.education", "consent.unencrypted_email", "consent.wording")
FREE_TEXT = ("message", "insurance_question", "given_name", "family_name")
CAMPAIGN = {"utm_source": "campaign.source", "utm_medium": "campaign.medium", "utm_campaign": "campaign.name"}


@router.api_route("/inquire", methods=["GET", "HEAD"])
def show(request: Request) -> Response:
    """Show the empty form."""
    return show_form(request, PAGE)


@router.post("/inquire")
def send(request: Request, session: Db, typed: Typed) -> Response:
    """Take the form in."""
    return take_in(request, session, typed, PAGE)


@router.api_route("/inquire/thanks", methods=["GET", "HEAD"])
def thank(request: Request) -> Response:
    """Show the thanks, the same to everyone."""
    return show_thanks(request, PAGE)


def take_in(request: Request, session: Session, typed: Mapping[str, str], door: Door) -> Response:
    """Keep what was sent and lead on to the thanks or the crisis page, or show the form again with nothing lost."""
    language = language_of(request)
    raw = from_form({name: value for name, value in typed.items() if name not in TRAPS})
    try:
        asked = Submission.model_validate(raw)
        disclosed = _keep(request, session, typed, asked, door)
    except ValidationError as error:
        return _refuse(request, door, typed, from_model(error))
    except TooMany as error:
        words = Words(language)("form.too_many", minutes=ceil(error.retry_after / 60), phone=clinic().practice.phone)
        response = show_form(request, door, typed, status=error.status, refusal=words)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    if disclosed:
        return door.lead_on(f"{door.crisis}?language={language}&kept=yes")
    return door.lead_on(f"{door.path}/thanks?language={language}&office={asked.office}")


def _keep(request: Request, session: Session, typed: Mapping[str, str], asked: Submission, door: Door) -> bool:
    """Receive or quarantine; returns whether the crisis page is due."""
    source = source_of(request)
    trap = sprung(typed)
    # A trap must not swallow a cry for help: such a message reaches a clinician, and mails nobody anyway.
    with session.begin_nested():
        if trap is None or found(getattr(asked, name) for name in FREE_TEXT):
            return receive(session, asked, Arrival(door.channel, source)).disclosed
        _count(session, source)
        quarantine(session, asked.model_dump(mode="json", exclude_none=True), channel=door.channel, why=trap)
        return False


def _count(session: Session, source: bytes) -> None:
    # What is received is counted there; quarantine must not be flooded either.
    count(session, "submission", source, limit=clinic().limits.submissions_per_hour_per_source, within=timedelta(hours=1))


def _refuse(request: Request, door: Door, typed: Mapping[str, str], error: Invalid) -> Response:
    language = language_of(request)
    if any(each.code == UNDER_AGE for each in error.errors):
        return door.show(request, "public/young.html", lang=language)
    words = Words(language)
    said = {each.field: words.of_error(each) for each in error.errors}
    if "consent" in said:
        said["consent.contact"] = said.pop("consent")
    in_order = sorted(said, key=lambda name: ON_PAGE.index(name) if name in ON_PAGE else len(ON_PAGE))
    return show_form(request, door, typed, errors={name: said[name] for name in in_order}, status=error.status)


def show_form(
    request: Request,
    door: Door,
    typed: Mapping[str, str] | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    """Return the form with what was typed; a stamp once given is kept, so that mending a field is never too fast."""
    language = language_of(request)
    values = dict(typed or {})
    campaign = {ours: request.query_params[theirs][:100] for theirs, ours in CAMPAIGN.items() if theirs in request.query_params}
    carried = campaign | {name: value for name, value in values.items() if name in CAMPAIGN.values()}
    carried[OPENED] = values.get(OPENED) or stamp()
    # A cry for help in a form that cannot be kept as it stands: whom to call comes before what to mend.
    cries = bool(found(values.get(name) for name in FREE_TEXT))
    context = {"values": values, "errors": errors or {}, "refusal": refusal, "carried": carried, "trap": HIDDEN, "cries": cries}
    return door.show(request, "public/inquire.html", lang=language, status=status, **context, **_choices(language))


def _choices(language: Language) -> dict[str, Any]:
    words = Words(language)

    def codes(choices: list[Choice]) -> list[tuple[str, str]]:
        return [(choice.code, choice.words[language]) for choice in choices]

    places = [(office.code, office.name, office.address[-1]) for office in clinic().offices]
    return {
        "offices": [*places, ("none", words("form.office_none"), "")],
        "interests": [(*choice, "") for choice in codes(clinic().interests)],
        "heard_from": [("", words("form.choose")), *codes(clinic().heard_from)],
    }


def show_thanks(request: Request, door: Door) -> Response:
    """Return the thanks: by when we answer depends on the office alone, so that it tells nothing about who is known."""
    office = clinic().office(request.query_params.get("office"))
    by = expected_by(office.code, now())
    return door.show(request, "public/thanks.html", lang=language_of(request), by=by, office=office)
