"""An address that a colleague was told of is asked about at once: one mail, no name, one button; no guard is passed over for it."""

from datetime import timedelta

from sqlalchemy.orm import Session

from leads.accounts.throttle import FORM_MAIL, has_room, note
from leads.clinic.profile import clinic
from leads.consent.ledger import granted, is_confirmed
from leads.consent.may_email import Kind, may_email
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.pipeline.models import Lead

TEMPLATE, CAUSE = "confirm-address", "new-address"


def ask_to_confirm(session: Session, lead: Lead, person: Person, *, actor: str) -> Message | None:
    """Return the mail that asks whether the new address is theirs, or the same left out with its reason; None where nothing is to ask.

    Nothing is to ask of an address that is confirmed, and nothing is begun for a lead that is closed.
    """
    if lead.closed_at is not None or person.email_index is None or is_confirmed(session, person.id, person.email_index):
        return None
    against = _against(session, person)
    return post(
        session,
        person.id,
        TEMPLATE,
        cause=CAUSE,
        lead_id=lead.id,
        facts={"office": lead.office},
        actor=actor,
        state="skipped" if against else "planned",
        reason=against,
    )


def _against(session: Session, person: Person) -> str | None:
    meta, index = catalogue()[TEMPLATE].meta, person.email_index
    refused = may_email(session, person.id, index, Kind(meta.topic, meta.lane, meta.level, answers=True))
    # It answers no form of theirs: that they agree to hear from us is what a colleague has just been told.
    if refused or "contact" not in granted(session, person.id):
        return refused or "no-contact-grant"
    return None if index is not None and _has_room(session, index) else "recipient-limit"


def _has_room(session: Session, index: bytes) -> bool:
    # An address may be a stranger's: as few mails as through a form.
    limits = clinic().limits
    spans = ((limits.mails_per_hour_per_address, timedelta(hours=1)), (limits.mails_per_day_per_address, timedelta(days=1)))
    if not all(has_room(session, FORM_MAIL, index, limit=limit, within=span) for limit, span in spans):
        return False
    note(session, FORM_MAIL, index)
    return True
