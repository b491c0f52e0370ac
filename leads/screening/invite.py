"""Sending somebody the link to the questions, or sending it once more, because a colleague said so."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.consent.may_email import Kind, may_email
from leads.errors import Conflict
from leads.messages.models import Message
from leads.messages.outbox import STOPPABLE, post
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.stages import move
from leads.screening.begin import begin, open_screening
from leads.screening.models import Screening
from leads.sequences.in_words import in_words

INVITATION = "screening-invitation"
USEFUL_FOR = timedelta(days=7)


def invite(session: Session, lead_id: uuid.UUID, *, actor: str, roles: Collection[str]) -> Message:
    """Return the mail with the link: on its way already, begun with the move to `screening`, or posted now; each link has tries of its own.

    Who has answered before is asked anew, so that a score has another to be compared with. Raises Conflict where no mail may go.
    """
    lead = locked(session, lead_id)
    person = session.get_one(Person, lead.person_id)
    _check_possible(session, lead, person)
    if lead.stage in ("new", "contacted"):
        # The move begins the invitation and its reminders; a second mail of our own would come on top.
        move(session, lead.id, "screening", version=lead.version, actor=actor, roles=roles)
    elif open_screening(session, lead.id) is None and all_sent(session, lead.id):
        begin(session, lead.id, channel="link", actor=actor, language=person.language)
    return _on_its_way(session, lead) or _post(session, lead, actor=actor)


def all_sent(session: Session, lead_id: uuid.UUID) -> Sequence[Screening]:
    """Return the screenings of a lead that were sent, the newest first."""
    sent = select(Screening).where(Screening.lead_id == lead_id, Screening.submitted_at.is_not(None))
    return session.scalars(sent.order_by(Screening.submitted_at.desc(), Screening.id.desc())).all()


def _check_possible(session: Session, lead: Lead, person: Person) -> None:
    if lead.closed_at is not None:
        raise Conflict(f"{lead.number} is closed. Reopen it first.", code="not_allowed_now")
    meta = catalogue()[INVITATION].meta
    against = may_email(session, person.id, person.email_index, Kind(meta.topic, meta.lane, meta.level))
    if against is not None:
        raise Conflict(f"The link cannot go by e-mail. {in_words(against)} Go through the questions by phone.", code=against)


def _on_its_way(session: Session, lead: Lead) -> Message | None:
    session.flush()
    waiting = select(Message).where(Message.lead_id == lead.id, Message.template == INVITATION, Message.state.in_(STOPPABLE))
    return session.scalar(waiting.limit(1))


def _post(session: Session, lead: Lead, *, actor: str) -> Message:
    facts = {"office": lead.office}
    mail = post(
        session, lead.person_id, INVITATION, cause="screening", lead_id=lead.id, facts=facts, useful_until=now() + USEFUL_FOR, actor=actor
    )
    record(session, "screening.invited", lead, actor=actor)
    return mail
