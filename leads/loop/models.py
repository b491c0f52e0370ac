"""Referrals, what happened to each, what was sent in later, and what came with them."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from leads.db import Base
from leads.loop.states import STATES
from leads.messages.models import ABOUT, Message
from leads.security.fields import Encrypted

DIGEST = "referral-digest"


class Referral(Base):
    """A clinician sent somebody; `version` rises with every write, `state` says where it stands between them and us.

    Who sent it is `claim_id`; a `practice_id` stands here only once the sender is believed: by their practice's key, or by a call.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint(f"state IN {tuple(STATES)}", name="state"),
        Index("ix_referrals_of_practice", "practice_id", "changed_at", "id"),
        Index("ix_referrals_sent_by_practice", "practice_id", "received_at", "lead_id"),
        Index("ix_referrals_of_provider", "provider_id", "received_at", "lead_id"),
        Index(None, "received_at"),
        Index("ix_referrals_nudge", "nudge_at", postgresql_where=text("nudge_at IS NOT NULL")),
        Index("ix_referrals_open", "state", "state_at", postgresql_where=text("closed_at IS NULL")),
        # A practice's own identifier for its request (FHIR: PLAC) names one referral, however often it is sent.
        Index("uq_referrals_placer", "practice_id", "placer_index", unique=True, postgresql_where=text("placer_index IS NOT NULL")),
    )

    serial: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("leads.id"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    claim_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("provider_claims.id"), index=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("providers.id"))
    practice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("practices.id"))
    delegate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delegates.id"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    channel: Mapped[str] = mapped_column(String(20))
    received = Encrypted[dict[str, Any]]()
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    placer = Encrypted[dict[str, str]]()
    placer_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    office: Mapped[str] = mapped_column(String(40))
    urgency: Mapped[str] = mapped_column(String(20))
    current_risk: Mapped[bool]
    part2: Mapped[bool]
    received_at: Mapped[datetime]
    expected_by: Mapped[datetime]

    state: Mapped[str] = mapped_column(String(20))
    came_from: Mapped[str | None] = mapped_column(String(20))
    state_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int]
    # While we wait for the referrer our clock rests and theirs runs.
    their_promise: Mapped[datetime | None]
    nudge_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(40))
    words = Encrypted[dict[str, Any]]()
    appointment_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    first_closed_at: Mapped[datetime | None]
    first_closed_as: Mapped[str | None] = mapped_column(String(20))

    @property
    def number(self) -> str:
        """The number people say on the phone: R-000042."""
        return f"R-{self.serial:06d}"

    @property
    def is_verified(self) -> bool:
        """True where we believe who sent it; the referrer of another hears only "received"."""
        return self.practice_id is not None


def listed_in(session: Session, digest: Message) -> Iterable[tuple[uuid.UUID, uuid.UUID]]:
    """Return whose referrals a digest lists: where it reaches nobody, somebody phones about each of them."""
    serials = [int(number.rpartition("-")[2]) for number in (digest.facts or {}).get("numbers", ())]
    theirs = select(Referral.person_id, Referral.lead_id).where(Referral.serial.in_(serials)).order_by(Referral.lead_id)
    return [(person_id, lead_id) for person_id, lead_id in session.execute(theirs)]


# Here, for no process can write a message that does not know the table of referrals.
ABOUT[DIGEST] = listed_in


class ReferralEvent(Base):
    """One thing that happened to a referral, as its sender's side may read it; never changed."""

    __tablename__ = "referral_events"
    __table_args__ = (UniqueConstraint("referral_id", "version"),)

    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referrals.id"))
    event: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    details = Encrypted[dict[str, Any]]()
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class Amendment(Base):
    """What a sender sent in later about a referral of theirs; nothing of it counts until one of us has taken it in."""

    __tablename__ = "referral_amendments"
    __table_args__ = (Index("ix_referral_amendments_waiting", "at", postgresql_where=text("decided_at IS NULL")),)

    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referrals.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    received = Encrypted[dict[str, Any]]()
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str | None] = mapped_column(String(20))


class Attachment(Base):
    """A document that came with a referral; `part2` marks what 42 CFR Part 2 keeps out of e-mail and the portal."""

    __tablename__ = "referral_attachments"

    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referrals.id"), index=True)
    name = Encrypted[str]()
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    # Base64 within the cell: a document is read whole and seldom.
    content = Encrypted[str]()
    part2: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class Draft(Base):
    """A referral a signed-in referrer has begun to write; it is nobody else's and no referral yet."""

    __tablename__ = "referral_drafts"

    provider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("providers.id"), index=True)
    delegate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delegates.id"), index=True)
    content = Encrypted[dict[str, Any]]()
    updated_at: Mapped[datetime]


class StatusOpening(Base):
    """Somebody opened the link of a mail about a referral: looked at its state, named a detail of the patient, or a wrong one."""

    __tablename__ = "status_openings"
    ONLY_WRITTEN = True
    __table_args__ = (CheckConstraint("outcome IN ('looked', 'shown', 'refused')", name="outcome"),)

    token_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tokens.id"), index=True)
    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referrals.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]


class Subscription(Base):
    """A practice wants to hear at once that something about a referral of theirs has changed: at a web address, or by e-mail."""

    __tablename__ = "referral_subscriptions"
    __table_args__ = (
        Index("ix_referral_subscriptions_of_practice", "practice_id"),
        CheckConstraint("kind IN ('rest-hook', 'email')", name="kind"),
        CheckConstraint("state IN ('requested', 'active', 'error', 'off')", name="state"),
    )

    practice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("practices.id"))
    api_key_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_keys.id"))
    kind: Mapped[str] = mapped_column(String(20))
    endpoint = Encrypted[str]()
    # Such as `Authorization: Bearer …`: secrets of theirs, never shown again.
    headers = Encrypted[list[str]]()
    provider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("providers.id"))
    delegate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delegates.id"))
    state: Mapped[str] = mapped_column(String(20))
    why: Mapped[str | None] = mapped_column(String(80))
    events: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Knock(Base):
    """One notification to a web address, until it was taken or given up: an id and a number, never anything of the patient."""

    __tablename__ = "referral_knocks"
    __table_args__ = (
        Index("ix_referral_knocks_due", "due_at", postgresql_where=text("ended_at IS NULL")),
        UniqueConstraint("subscription_id", "number"),
    )

    subscription_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referral_subscriptions.id"))
    # None for the handshake, with which a subscription begins.
    referral_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("referrals.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int]
    last: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    taken: Mapped[bool | None]
