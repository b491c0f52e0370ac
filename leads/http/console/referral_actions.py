"""What a coordinator does with a referral: verify who sent it, ask, decline, hand on, take in what was changed, confirm a withdrawal."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, NoReturn

from fastapi import APIRouter, Form
from fastapi.responses import Response

from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.http.console import words
from leads.http.console.act import Asked, do
from leads.loop.follow import visit_changed
from leads.loop.history import at_version
from leads.loop.models import Amendment, Referral
from leads.pipeline.models import Lead
from leads.providers.trust import Call
from leads.referrals.amend import put_aside, take_in
from leads.referrals.ask import ask, go_on
from leads.referrals.believe import believe, disbelieve
from leads.referrals.decline import PatientHears, confirm_cancel, decline, hand_on, reopen
from leads.referrals.find import by_number
from leads.referrals.journey import catch_up

router = APIRouter(prefix="/leads/{number}")
Words = Annotated[str, Form()]
Version = Annotated[int, Form()]


def _do(asked: Asked, which: str, version: int, verb: Callable[[Referral], object], *, said: str) -> Response:
    """Run a verb on a referral as it was read: its sender may have written since, and so may a colleague; `said` is for the toast."""

    def on_lead(lead: Lead) -> None:
        referral = by_number(asked.session, which)
        if referral.lead_id != lead.id:
            raise NotFound(f"There is no such referral on {lead.number}.")
        verb(at_version(asked.session, referral, version))

    return do(asked, on_lead, done=f"?said=ref-{said}#{which}")


@router.post("/referrals/{which}/verify")
def verify(
    asked: Asked,
    which: str,
    *,
    referral_version: Version = 0,
    called: Words = "",
    answered_by: Words = "",
    listed_in: Words = "",
    read_back: Words = "",
    by_read_back: Words = "",
) -> Response:
    """Believe the sender after a call: the number called, who answered, where it is listed, and the addresses read back."""
    call, actor = Call(called, answered_by, listed_in), asked.staff.actor
    emails = {"email": read_back.strip() or None, "by_email": by_read_back.strip() or None}
    return _do(
        asked, which, referral_version, lambda referral: believe(asked.session, referral, call, actor=actor, **emails), said="verify"
    )


@router.post("/referrals/{which}/not-theirs")
def not_theirs(asked: Asked, which: str, *, referral_version: Version = 0) -> Response:
    """Write down that the practice did not send it."""
    return _do(
        asked, which, referral_version, lambda referral: disbelieve(asked.session, referral, actor=asked.staff.actor), said="not-theirs"
    )


@router.post("/referrals/{which}/accept")
def accept(asked: Asked, which: str, *, referral_version: Version = 0) -> Response:
    """Take up a referral that came in while its lead was already on the way."""
    return _do(asked, which, referral_version, lambda referral: catch_up(asked.session, referral, actor=asked.staff.actor), said="accept")


@router.post("/referrals/{which}/ask")
def ask_for(asked: Asked, which: str, *, referral_version: Version = 0, missing: Words = "", to_referrer: Words = "") -> Response:
    """Ask the sender for what is missing, one thing on each line."""
    things = missing.splitlines()

    def verb(referral: Referral) -> None:
        ask(asked.session, referral, things, note=to_referrer, actor=asked.staff.actor)

    return _do(asked, which, referral_version, verb, said="ask")


@router.post("/referrals/{which}/go-on")
def go_on_without(asked: Asked, which: str, *, referral_version: Version = 0, to_referrer: Words = "") -> Response:
    """Go on without the answer."""

    def verb(referral: Referral) -> None:
        go_on(asked.session, referral, note=to_referrer, actor=asked.staff.actor)

    return _do(asked, which, referral_version, verb, said="go-on")


@router.post("/referrals/{which}/decline")
def turn_down(
    asked: Asked,
    which: str,
    *,
    referral_version: Version = 0,
    why_code: Words = "",
    destination: Words = "",
    to_referrer: Words = "",
    to_patient: Words = "",
    why_none: Words = "",
) -> Response:
    """Decline a referral, and decide what its patient hears."""
    if to_patient not in ("mail", "none"):
        told = "Decide what the patient hears: a plain message, or none."
        return _do(asked, which, referral_version, lambda _: _refuse("to_patient", told), said="decline")
    patient = PatientHears("mail" if to_patient == "mail" else "none", why_none)

    def verb(referral: Referral) -> None:
        said = {"reason": why_code, "destination": destination, "note": to_referrer}
        decline(asked.session, referral, patient=patient, actor=asked.staff.actor, roles=asked.staff.roles, **said)

    return _do(asked, which, referral_version, verb, said="decline")


@router.post("/referrals/{which}/hand-on")
def pass_on(
    asked: Asked, which: str, *, referral_version: Version = 0, destination: Words = "", to_referrer: Words = "", close_as: Words = ""
) -> Response:
    """Hand a referral on to somebody else."""

    def verb(referral: Referral) -> None:
        said = {"destination": destination, "note": to_referrer, "close_as": close_as or None}
        hand_on(asked.session, referral, actor=asked.staff.actor, roles=asked.staff.roles, **said)  # type: ignore[arg-type]

    return _do(asked, which, referral_version, verb, said="hand-on")


@router.post("/referrals/{which}/confirm-withdrawal")
def confirm_withdrawal(asked: Asked, which: str, *, referral_version: Version = 0, close_as: Words = "") -> Response:
    """Confirm that its sender has taken a referral back."""

    def verb(referral: Referral) -> None:
        confirm_cancel(asked.session, referral, close_as=close_as or None, actor=asked.staff.actor, roles=asked.staff.roles)

    return _do(asked, which, referral_version, verb, said="withdrawn")


@router.post("/referrals/{which}/reopen")
def take_up_again(asked: Asked, which: str, *, referral_version: Version = 0, to_referrer: Words = "") -> Response:
    """Take up again what had ended."""

    def verb(referral: Referral) -> None:
        reopen(asked.session, referral, to_referrer, actor=asked.staff.actor, roles=asked.staff.roles)

    return _do(asked, which, referral_version, verb, said="reopen")


@router.post("/referrals/{which}/amendments/{amendment_id}")
def decide(asked: Asked, which: str, amendment_id: uuid.UUID, *, referral_version: Version = 0, to: Words = "") -> Response:
    """Take in what was changed, or leave it as it stands."""

    def verb(referral: Referral) -> None:
        amendment = asked.session.get(Amendment, amendment_id)
        if amendment is None or amendment.referral_id != referral.id:
            raise NotFound("There is no such amendment.")
        (take_in if to == "take-in" else put_aside)(asked.session, amendment_id, actor=asked.staff.actor)

    return _do(asked, which, referral_version, verb, said="take-in" if to == "take-in" else "put-aside")


@router.post("/visit-missed")
def visit_missed(asked: Asked) -> Response:
    """Tell the referrers that the visit was missed."""
    return do(asked, lambda lead: _visit(asked, lead, "no_show"), done="?said=visit-missed")


@router.post("/visit-moved")
def visit_moved(asked: Asked, moved_to: Words = "") -> Response:
    """Tell the referrers that the visit has another time."""

    return do(asked, lambda lead: _visit(asked, lead, "reschedule", at=_local(moved_to, lead)), done="?said=visit-moved")


def _visit(asked: Asked, lead: Lead, event: str, *, at: datetime | None = None) -> None:
    if not visit_changed(asked.session, lead.id, event, at=at, actor=asked.staff.actor):
        raise Conflict("No referral of this lead waits for such news of a visit.", code="not_allowed_now")


def _local(text: str, lead: Lead) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        _refuse("moved_to", "Give the day and the time of the visit.")
    return at.replace(tzinfo=words.zone_of(lead.office)).astimezone(UTC)


def _refuse(field: str, told: str) -> NoReturn:
    raise Invalid(told, errors=(FieldError(field, "missing", told),))
