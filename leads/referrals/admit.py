"""A referral whose sender is believed: the patient's grants count, and the patient may hear from us."""

from datetime import timedelta

from sqlalchemy.orm import Session

from leads.accounts.throttle import FORM_MAIL, has_room, note
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.as_said import AsSaid
from leads.consent.ledger import NOT_SAFE, Spoken, grant, is_confirmed, open_holds, suppress, withdrawn
from leads.loop.models import Referral
from leads.messages.outbox import post
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.confirm import start
from leads.pipeline.facts import person_changed
from leads.pipeline.models import Lead
from leads.referrals.submission import TakenDown, Written

GRANTS = ("contact", "education", "unencrypted_email", "status_to_referrer")
USEFUL_FOR = timedelta(days=3)


def admit(session: Session, referral: Referral, asked: Written, *, is_known: bool, actor: str) -> None:
    """Enter what the patient granted, as a believed referrer says, and begin to write to the patient where that allows it.

    The address is not yet proved to be the patient's own: all that goes there is one fixed mail with a button, before any sequence.
    """
    _grant(session, referral, asked, is_known=is_known, actor=actor)
    person, lead = session.get_one(Person, referral.person_id), session.get_one(Lead, referral.lead_id)
    address = asked.patient.email
    if address and not asked.patient.safe_email:
        suppress(session, person_id=person.id, address_index=email_index(address), reason=NOT_SAFE, actor=actor)
    session.flush()
    if not asked.patient.consent.contact or open_holds(session, person.id) or asked.current_risk:
        return
    if is_confirmed(session, person.id, person.email_index):
        person_changed(session, person.id, actor=actor)
        start(session, lead, actor=actor)
    elif address and asked.patient.safe_email and person.email_index == email_index(address):
        _welcome(session, referral, address, actor=actor)


def grant_as_said(session: Session, referral: Referral, asked: Written, *, actor: str) -> None:
    """Enter what the patient told a colleague of ours themselves: it counts whoever it may be that refers them."""
    said = said_of(asked)
    if said and said.by == "self":
        how = Spoken("referral", said.method, asked.patient.consent.wording, evidence=_proof(referral, said), referral_id=referral.id)
        for kind in _given(asked):
            grant(session, referral.person_id, kind, how, actor=actor)


def said_of(asked: Written) -> AsSaid | None:
    """Return who said what the patient agreed to, and how, where a colleague took it down."""
    return asked.consent_said if isinstance(asked, TakenDown) else None


def _grant(session: Session, referral: Referral, asked: Written, *, is_known: bool, actor: str) -> None:
    said = said_of(asked)
    if said and said.by == "self":
        # It has counted since it was said, or they have taken it back.
        return
    how = Spoken("referral", referral.channel, asked.patient.consent.wording, evidence=_proof(referral, said), referral_id=referral.id)
    # A no that the patient said to us themselves is not taken back by somebody who writes about them.
    refused = withdrawn(session, referral.person_id) if is_known else set()
    for kind in _given(asked):
        if kind not in refused:
            grant(session, referral.person_id, kind, how, actor=actor)


def _given(asked: Written) -> list[str]:
    return [kind for kind in GRANTS if getattr(asked.patient.consent, kind)]


def _proof(referral: Referral, said: AsSaid | None) -> str:
    return f"{referral.number}: {said.evidence}" if said else referral.number


def _welcome(session: Session, referral: Referral, address: str, *, actor: str) -> None:
    limits, key = clinic().limits, email_index(address)
    spans = ((limits.mails_per_hour_per_address, timedelta(hours=1)), (limits.mails_per_day_per_address, timedelta(days=1)))
    full = not all(has_room(session, FORM_MAIL, key, limit=limit, within=span) for limit, span in spans)
    if not full:
        note(session, FORM_MAIL, key)
    facts = {"office": referral.office, "expected_by": referral.expected_by.isoformat()}
    until = now() + USEFUL_FOR
    post(
        session,
        referral.person_id,
        "referral-welcome",
        cause="referral",
        facts=facts,
        lead_id=referral.lead_id,
        useful_until=until,
        actor=actor,
        # A mail that is not written is on record, too: whoever calls the patient sees why they have had none.
        state="skipped" if full else "planned",
        reason="recipient-limit" if full else None,
    )
