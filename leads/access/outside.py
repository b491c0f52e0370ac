"""Looks from outside: a sender reads what became of their referral, restricted here or not; each look is an entry that supervisors see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.audit.trail import record
from leads.inquiries.models import Inquiry
from leads.loop.models import Referral
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.providers.models import Practice

READS = ("referral.read", "referral.link_opened", "inquiry.read")
MOST = 50


@dataclass(frozen=True)
class Looked:
    """Who from outside has looked at what hangs on a restricted record since it is restricted: how often, and when last."""

    lead: Lead
    actor: str
    times: int
    last: datetime


def read_outside(session: Session, what: Referral | Inquiry, *, actor: str, **detail: Any) -> None:
    """Write down that a sender has read a referral of theirs, or an inquiry their own site handed on."""
    record(session, "inquiry.read" if isinstance(what, Inquiry) else "referral.read", what, actor=actor, **detail)


def list_outside(session: Session, practice: Practice, found: Collection[Referral], *, actor: str, **detail: Any) -> None:
    """Write down which of its referrals a practice was shown in a list; those of a restricted record as a look of their own too."""
    record(session, "referrals.listed", practice, actor=actor, referrals=[each.number for each in found], **detail)
    whose = select(Person.id).where(Person.id.in_({each.person_id for each in found}), Person.restricted_at.is_not(None))
    restricted = set(session.scalars(whose)) if found else set()
    for each in found:
        if each.person_id in restricted:
            read_outside(session, each, actor=actor, by="list")


def looks_from_outside(session: Session) -> Sequence[Looked]:
    """Return who from outside has looked at restricted records, the newest look first, at most MOST of them."""
    handed_in = union_all(*(select(each.id, each.lead_id) for each in (Referral, Inquiry))).subquery()
    times, last = func.count(), func.max(AuditEntry.at)
    wanted = (
        select(Lead, AuditEntry.actor, times, last)
        .join(Person, Lead.person_id == Person.id)
        .join(handed_in, handed_in.c.lead_id == Lead.id)
        .join(AuditEntry, AuditEntry.subject_id == handed_in.c.id)
        .where(Person.restricted_at.is_not(None), AuditEntry.at >= Person.restricted_at, AuditEntry.action.in_(READS))
        .group_by(Lead.id, AuditEntry.actor)
        .order_by(last.desc(), AuditEntry.actor)
        .limit(MOST)
    )
    return [Looked(*row) for row in session.execute(wanted)]
