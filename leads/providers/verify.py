"""A coordinator's one step on a claim: whom we called, and what is believed from then on; or that it is not."""

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, FieldError, Invalid
from leads.providers.edit import add_delegate, fill
from leads.providers.know import Said, provider_at
from leads.providers.models import Claim, Practice, Provider
from leads.providers.practices import make_practice, practice_at
from leads.providers.trust import Call, trust


def accept(
    session: Session,
    claim: Claim,
    call: Call,
    *,
    actor: str,
    practice: Practice | None = None,
    email: str | None = None,
    by_email: str | None = None,
) -> Provider:
    """Believe a claim after a call to the practice's independently listed number; returns the clinician at that practice.

    `email` and `by_email` (the delegate's) are the addresses read back and confirmed in the call: only they go on file, never what
    was typed by itself. `practice` is the one that was called; without it, the one of the typed name *and* the called number, or a
    new one. Raises Conflict for a claim that was settled before, Invalid where the call's particulars are missing.
    """
    said = _said(session, claim)
    practice = practice or _called(session, said, call, actor=actor)
    trust(session, practice, method="call", call=call, actor=actor)
    provider = provider_at(session, said, practice, actor=actor)
    fill(provider, said.details, source="referrer")
    trust(session, provider, method="call", call=call, email=email, actor=actor)
    # The claim leaves the row all strangers of this NPI share, for the one at this practice.
    claim.provider_id, claim.practice_id = provider.id, practice.id
    if by_email:
        delegate = add_delegate(session, provider, name=said.by_name or by_email, email=by_email, actor=actor)
        trust(session, delegate, method="call", call=call, email=by_email, actor=actor)
        claim.delegate_id = delegate.id
    trust(session, claim, method="call", call=call, actor=actor)
    return provider


def refuse(session: Session, claim: Claim, *, actor: str) -> None:
    """Record that the practice did not send this; raises Conflict for a claim that was settled before."""
    _said(session, claim)
    claim.refused_at = now()
    record(session, "provider.claim_refused", claim, actor=actor)


def _said(session: Session, claim: Claim) -> Said:
    # Two coordinators may have called the same practice: the second one reads what the first has settled.
    session.flush()
    session.refresh(claim, with_for_update=True)
    if claim.verified_at or claim.refused_at:
        raise Conflict("Somebody has settled this already.")
    return Said(**(claim.said or {"family_name": ""}))


def _called(session: Session, said: Said, call: Call, *, actor: str) -> Practice:
    if not said.practice:
        words = "Say which practice you called: the submission names none."
        raise Invalid(words, errors=(FieldError("practice", "missing", words),))
    return practice_at(session, said.practice, call.number) or make_practice(session, said.practice, phone=call.number, actor=actor)
