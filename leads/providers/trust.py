"""Believing somebody: the row that says who, when and how, and the address that goes on file with it."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid
from leads.providers.models import Claim, Delegate, Practice, Provider, Verification, email_index
from leads.providers.sign_in import sign_out_everywhere
from leads.security.identifiers import normal_email, normal_phone

Subject = Practice | Provider | Delegate | Claim


@dataclass(frozen=True)
class Call:
    """A coordinator's call: the number dialled, who answered, and where that number is listed independently of what was typed."""

    number: str
    answered_by: str
    listed_in: str


def trust(
    session: Session,
    subject: Subject,
    *,
    method: str,
    actor: str,
    call: Call | None = None,
    email: str | None = None,
    key_id: uuid.UUID | None = None,
) -> Verification:
    """Record that we believe in this practice, clinician, delegate or claim from now on; `email` goes on file with it.

    `method` is call (needs one), key or staff. Raises Invalid for a call without its particulars or an address that is none.
    """
    if isinstance(subject, Provider) and subject.practice_id is None:
        raise Conflict("Somebody without a practice cannot be verified: accept what they said, with the practice that was called.")
    verification = _entry(subject, "verify", method, actor)
    verification.key_id = key_id
    if call is not None or method == "call":
        _write_down(verification, call)
    if email is not None:
        _put_on_file(subject, email)
    subject.verified_at = verification.at
    session.add(verification)
    session.flush()
    record(session, "verified", subject, actor=actor, method=method, address_on_file=email is not None)
    return verification


def distrust(session: Session, subject: Practice | Provider | Delegate, *, why: str, actor: str) -> Verification:
    """Take belief back: the address leaves the file, mails to it and its sign-in stop; the earlier verification stays on record."""
    verification = _entry(subject, "withdraw", "staff", actor)
    verification.why = why
    subject.verified_at = None
    if not isinstance(subject, Practice):
        subject.email = subject.email_index = None
    sign_out_everywhere(session, subject)
    session.add(verification)
    session.flush()
    record(session, "verification.withdrawn", subject, actor=actor)
    return verification


def checked_email(email: str) -> str:
    """Return an address in its normal form; raises Invalid where it is none."""
    address = normal_email(email)
    if address is None:
        words = "This is not a complete e-mail address. It should look like name@example.com."
        raise Invalid(words, errors=(FieldError("email", "no_email", words),))
    return address


def _entry(subject: Subject, act: str, method: str, actor: str) -> Verification:
    return Verification(subject_kind=subject.__tablename__, subject_id=subject.id, act=act, method=method, actor=actor, at=now())


def _write_down(verification: Verification, call: Call | None) -> None:
    asked = {"number": "the number you called", "answered_by": "who answered", "listed_in": "where that number is listed"}
    missing = [name for name in asked if call is None or not getattr(call, name).strip()]
    wrong = [FieldError(name, "missing", f"Write down {asked[name]}.") for name in missing]
    if call is None or wrong:
        raise Invalid(" ".join(error.message for error in wrong), errors=tuple(wrong))
    number = normal_phone(call.number)
    if number is None:
        words = "This number cannot be dialled. Give it with area code, such as 203-555-0123."
        raise Invalid(words, errors=(FieldError("number", "no_phone", words),))
    verification.called, verification.answered_by, verification.listed_in = number, call.answered_by.strip(), call.listed_in.strip()


def _put_on_file(subject: Subject, email: str) -> None:
    if not isinstance(subject, Provider | Delegate):
        raise Conflict("Addresses are on file for clinicians and delegates only.")
    address = checked_email(email)
    subject.email, subject.email_index, subject.typed_email = address, email_index(address), None
