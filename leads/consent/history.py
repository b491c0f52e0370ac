"""What somebody agreed to, took back, stopped and chose, as one story: each act with its proof."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.models import Choice, Confirmation, ConsentEntry

# Where somebody said it themselves, or a colleague wrote down what they said. What we concluded from elsewhere is not among these, and
# "do not write to this address" neither: whoever reads a mailbox that is not safe must not learn that it was said.
SAID = ("inquiry", "preferences", "unsubscribe", "reply", "spoken", "confirmation", "mail-service")
SHOWN_KINDS = ("contact", "education", "unencrypted_email")
OF_CONSENT = ("grant", "withdraw")
ONE_ACT = timedelta(seconds=5)


@dataclass(frozen=True)
class Act:
    """One act: what was done to what, when and by whom, and the proof of it.

    `act` is `grant` or `withdraw` of a consent, `confirm` of an address, or one of a `Choice`; `what` and `value` say of what.
    """

    id: uuid.UUID
    at: datetime
    act: str
    what: str
    actor: str
    source: str
    method: str
    wording: str | None = None
    evidence: str | None = None
    value: str | None = None
    referral_id: uuid.UUID | None = None


def history(session: Session, people: Collection[uuid.UUID]) -> Sequence[Act]:
    """Return every act on record about a person, the newest first; `people` are their record and those that were merged into it."""
    acts = [*_grants(session, people), *_choices(session, people), *_confirmations(session, people)]
    return sorted(acts, key=lambda act: (act.at, act.id), reverse=True)


def own_choices(session: Session, people: Collection[uuid.UUID], *, most: int = 50) -> Sequence[Act]:
    """Return the newest acts that may be shown to whoever holds a person's link: what they told us about our mails, and nothing else."""
    said = [act for act in history(session, people) if act.source in SAID and act.what != "address"]
    # Whom we may tell how it goes would say that, and by whom, they were referred.
    shown = [act for act in said if act.act not in OF_CONSENT or act.what in SHOWN_KINDS]
    topics = [act for act in shown if act.what == "topic:education"]
    return [act for act in shown if not (act.what == "education" and any(_in_one(act, each) for each in topics))][:most]


def _in_one(consent: Act, choice: Act) -> bool:
    """True where a topic was stopped, or allowed, and the consent it rests on taken back, or given, in one act: that is told once."""
    return abs(consent.at - choice.at) < ONE_ACT and consent.source == choice.source


def _grants(session: Session, people: Collection[uuid.UUID]) -> list[Act]:
    rows = session.scalars(select(ConsentEntry).where(ConsentEntry.person_id.in_(people)))
    return [
        Act(row.id, row.at, row.act, row.kind, row.actor, row.source, row.method, row.wording, row.evidence, referral_id=row.referral_id)
        for row in rows
    ]


def _choices(session: Session, people: Collection[uuid.UUID]) -> list[Act]:
    rows = session.scalars(select(Choice).where(Choice.person_id.in_(people)))
    return [Act(row.id, row.at, row.act, row.what, row.actor, row.source, row.method, row.wording, row.evidence, row.value) for row in rows]


def _confirmations(session: Session, people: Collection[uuid.UUID]) -> list[Act]:
    rows = session.scalars(select(Confirmation).where(Confirmation.person_id.in_(people)))
    return [Act(row.id, row.at, "confirm", "own-address", row.actor, "confirmation", row.method, evidence=row.evidence) for row in rows]
