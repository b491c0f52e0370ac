"""Referrals as the tests of the loop need them: sent by a practice we know or by a stranger, at any state."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.models import ConsentEntry
from leads.loop.history import apply, begin
from leads.loop.models import Referral
from leads.loop.states import TABLE
from leads.messages.models import Message
from leads.pipeline.deadlines import expected_by
from leads.pipeline.models import Lead
from leads.providers.models import Practice
from leads.providers.practices import make_practice
from leads.providers.trust import Call, trust
from leads.todos.models import Todo
from tests.cast import ACTOR, make_lead
from tests.providers.cast import make_trusted_practice, tell

ROLES = ("coordinator",)
CALLED = Call(number="203-555-0150", answered_by="Front desk", listed_in="State license register")


def make_referral(session: Session, *, lead: Lead | None = None, at: Practice | None = None, grant: bool = True, **sender: Any) -> Referral:
    """A referral of Ana Rivera's office, which a call has verified, about somebody who lets the clinic tell it; on a lead of its own."""
    lead = lead or make_lead(session, source="referral")
    practice = at or make_trusted_practice(session)
    known = tell(session, practice, **sender)
    return _keep(session, lead, known.claim.id, known.provider.id, practice_id=practice.id, grant=grant)


def make_strange_referral(session: Session, *, lead: Lead | None = None) -> Referral:
    """A referral by somebody nobody has verified."""
    known = tell(session)
    return _keep(session, lead or make_lead(session, source="referral"), known.claim.id, known.provider.id, practice_id=None, grant=True)


def make_other_practice(session: Session) -> Practice:
    """A second practice we know."""
    practice = make_practice(session, "Oak Street Psychiatry", phone="203-555-0160", actor=ACTOR)
    trust(session, practice, method="call", call=CALLED, actor=ACTOR)
    return practice


def bring_to(session: Session, referral: Referral, state: str) -> Referral:
    """Let happen to a referral what leads to a state, by the shortest way through the table."""
    ways: dict[str, tuple[str, ...]] = {"received": ()}
    while state not in ways:
        ways = {row.to: (*ways[row.source], row.event) for row in TABLE if row.source in ways} | ways
    for event in ways[state]:
        apply(session, referral, event, actor=ACTOR)
    return referral


def told(session: Session, referral: Referral) -> Sequence[str]:
    """The templates of what its sender was told, in order."""
    session.flush()
    mails = select(Message).where(Message.referral_id == referral.id).order_by(Message.id)
    return [mail.template for mail in session.scalars(mails)]


def todos(session: Session, referral: Referral) -> Sequence[str]:
    """The kinds of open to-dos on its lead."""
    session.flush()
    rows = select(Todo.kind).where(Todo.lead_id == referral.lead_id, Todo.done_at.is_(None)).order_by(Todo.kind)
    return list(session.scalars(rows))


def _keep(session: Session, lead: Lead, claim_id: Any, provider_id: Any, *, practice_id: Any, grant: bool) -> Referral:
    at = now()
    referral = Referral(
        lead_id=lead.id,
        person_id=lead.person_id,
        claim_id=claim_id,
        provider_id=provider_id,
        practice_id=practice_id,
        channel="form",
        received={"reason": "Two adequate trials without response."},
        content_hash=b"0" * 32,
        office=lead.office,
        urgency="routine",
        current_risk=False,
        part2=False,
        received_at=at,
        expected_by=expected_by(lead.office, at),
        state="received",
        state_at=at,
        changed_at=at,
        version=1,
    )
    session.add(referral)
    session.flush()
    if grant:
        said = {"source": "referral", "method": "form", "wording": "2026-11", "actor": "system", "at": at}
        session.add(ConsentEntry(person_id=lead.person_id, kind="status_to_referrer", act="grant", referral_id=referral.id, **said))
    begin(session, referral, actor="system")
    return referral
