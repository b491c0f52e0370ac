"""A referral ends with us: declined, handed on, withdrawn; each tells its sender where to turn, and may begin anew."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import Choice, clinic
from leads.errors import FieldError, Forbidden, Invalid
from leads.loop.history import apply
from leads.loop.models import Referral, ReferralEvent
from leads.pipeline.find import locked
from leads.pipeline.notes import write
from leads.pipeline.stages import COORDINATORS, move
from leads.pipeline.write_by_decision import write_by_decision
from leads.referrals.ask import checked_note
from leads.referrals.journey import catch_up, close_with

TO_PATIENT = "not-a-fit"


@dataclass(frozen=True)
class PatientHears:
    """What the patient hears of a decision: a plain mail, or none, and then why not."""

    how: Literal["mail", "none"]
    why_none: str | None = None


def decline(
    session: Session,
    referral: Referral,
    *,
    reason: str,
    destination: str,
    patient: PatientHears,
    note: str | None = None,
    actor: str,
    roles: Collection[str],
) -> ReferralEvent:
    """Decline a referral; the sender hears the reason, the next best destination and the note, the patient what was decided.

    The lead is closed with it where this referral is all it has. Raises Invalid for a code of no meaning, or where the patient may not
    be written to; Conflict where it cannot be declined now.
    """
    _require_coordinator(roles)
    details = {
        "reason": _code("reason", reason, clinic().referrals.decline_reasons),
        "destination": _code("destination", destination, clinic().referrals.destinations),
        **_noted(note),
    }
    happened = apply(session, referral, "decline", actor=actor, details=details)
    close_with(session, referral, _declining_outcome(), actor=actor, roles=roles)
    _let_patient_know(session, referral, patient, actor=actor)
    return happened


def hand_on(
    session: Session,
    referral: Referral,
    *,
    destination: str,
    note: str | None = None,
    close_as: str | None = None,
    actor: str,
    roles: Collection[str],
) -> ReferralEvent:
    """Hand a referral on to somebody else and tell its sender to whom; `close_as` closes the lead, where this is all it has."""
    _require_coordinator(roles)
    details = {"destination": _code("destination", destination, clinic().referrals.destinations), **_noted(note)}
    happened = apply(session, referral, "hand_on", actor=actor, details=details)
    close_with(session, referral, close_as, actor=actor, roles=roles)
    return happened


def confirm_cancel(
    session: Session, referral: Referral, *, close_as: str | None = None, actor: str, roles: Collection[str]
) -> ReferralEvent:
    """Confirm that its sender has taken a referral back; `close_as` closes the lead, where this is all it has."""
    _require_coordinator(roles)
    happened = apply(session, referral, "confirm_cancel", actor=actor)
    close_with(session, referral, close_as, actor=actor, roles=roles)
    return happened


def reopen(session: Session, referral: Referral, note: str, *, actor: str, roles: Collection[str]) -> ReferralEvent:
    """Take a referral up again that had ended, with a note for its sender; its first closure stays what reports count.

    The lead is reopened with it. Raises Invalid without a note, Conflict where the person has another lead open.
    """
    _require_coordinator(roles)
    why = checked_note(note)
    if why is None:
        told = "Say why it is taken up again; its sender reads it."
        raise Invalid(told, errors=(FieldError("note", "missing", told),))
    happened = apply(session, referral, "reopen", actor=actor, details={"note": why})
    lead = locked(session, referral.lead_id)
    if lead.stage == "closed":
        move(session, lead.id, "contacted", version=lead.version, actor=actor, roles=roles, reason=why)
    else:
        catch_up(session, referral, actor=actor)
    return happened


def _let_patient_know(session: Session, referral: Referral, patient: PatientHears, *, actor: str) -> None:
    if patient.how == "mail":
        lead_id, office = referral.lead_id, referral.office
        write_by_decision(session, referral.person_id, TO_PATIENT, cause="referral:decline", lead_id=lead_id, office=office, actor=actor)
        return
    why = (patient.why_none or "").strip()
    if not why:
        told = "Say why the patient gets no message from us, or send one."
        raise Invalid(told, errors=(FieldError("why_none", "missing", told),))
    write(session, referral.lead_id, f"{referral.number} declined; no message to the patient: {why}", actor=actor)
    record(session, "referral.patient_not_told", referral, actor=actor)


def _code(field: str, code: str, choices: Collection[Choice]) -> str:
    codes = [each.code for each in choices]
    if code not in codes:
        told = f"The {field} must be one of {', '.join(codes)}."
        raise Invalid(told, errors=(FieldError(field, "unknown", told),))
    return code


def _noted(note: str | None) -> dict[str, str]:
    words = checked_note(note)
    return {"note": words} if words else {}


def _declining_outcome() -> str:
    return next((each.code for each in clinic().outcomes if each.referral == "declined"), clinic().outcomes[0].code)


def _require_coordinator(roles: Collection[str]) -> None:
    if not COORDINATORS & set(roles):
        raise Forbidden(f"This is for a {' or a '.join(sorted(COORDINATORS))}.")
