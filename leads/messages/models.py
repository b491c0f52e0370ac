"""Messages, and each attempt to send one."""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

Lane = Literal["safety", "transactional", "reminder", "education"]
# The most pressing first. Safety pages go whatever else rests: no switch, breaker, pace or quota holds them.
LANES: tuple[Lane, ...] = ("safety", "transactional", "reminder", "education")
PRESSING: tuple[Lane, ...] = ("safety", "transactional")
STATES = (
    "planned", "claimed", "sending", "sent", "delivered", "bounced", "complained",
    "failed", "unknown", "skipped", "cancelled", "expired",
)  # fmt: skip


class Message(Base):
    """One mail to one recipient: what caused it, when it is due, and what became of it and why.

    It goes to a person; or to somebody who refers, a clinician or delegate at the address on file, or whoever made a claim nobody has
    verified; or to one of us, a member of staff or an office's own mailbox. What goes to another is never the person's row with another
    address: `about_id` says whom it is about.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # One value, not one a word: each UPDATE reads the checks of its table anew.
        CheckConstraint(f"state = ANY ('{{{','.join(STATES)}}}')", name="state"),
        CheckConstraint(f"lane = ANY ('{{{','.join(LANES)}}}')", name="lane"),
        CheckConstraint("num_nonnulls(person_id, provider_id, delegate_id, claim_id, account_id, desk_id) = 1", name="one_recipient"),
        CheckConstraint("about_id IS NULL OR person_id IS NULL", name="about_another"),
        UniqueConstraint("enrolment_id", "step", "occurrence"),
        Index("ix_messages_due_next", "lane", "due_at", "id", postgresql_where=text("state = 'planned'")),
        Index("ix_messages_suspect", "lane", "due_at", "id", postgresql_where=text("state = 'planned' AND lost_leases > 0")),
        Index("ix_messages_leased", "lease_until", postgresql_where=text("state IN ('claimed', 'sending')")),
        Index("ix_messages_failed", "state_at", "id", postgresql_where=text("state = 'failed'")),
        Index("ix_messages_unsettled", "state_at", "id", postgresql_where=text("state = 'failed' AND reason IS DISTINCT FROM 'decided'")),
        Index("ix_messages_unknown", "id", postgresql_where=text("state = 'unknown'")),
        Index(None, "lead_id", "due_at"),
        Index(None, "person_id", "sent_at"),
        Index("ix_messages_of_sequences", "cause", "due_at", postgresql_where=text("enrolment_id IS NOT NULL")),
        Index("ix_messages_referral", "referral_id", postgresql_where=text("referral_id IS NOT NULL")),
        Index("ix_messages_digest", "provider_id", "delegate_id", postgresql_where=text("state = 'planned' AND person_id IS NULL")),
        Index("ix_messages_under_way", "person_id", postgresql_where=text("state IN ('sending', 'unknown')")),
    )

    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    provider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("providers.id"))
    delegate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delegates.id"))
    claim_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("provider_claims.id"))
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    desk_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("desks.id"))
    about_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    referral_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("referrals.id"))
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("leads.id"))
    enrolment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enrolments.id"))
    step: Mapped[str | None] = mapped_column(String(60))
    occurrence: Mapped[int]
    template: Mapped[str] = mapped_column(String(60))
    template_version: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(5))
    lane: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40))
    level: Mapped[int]
    cause: Mapped[str] = mapped_column(String(60))
    depends_on: Mapped[dict[str, Any]]

    due_at: Mapped[datetime]
    planned_for: Mapped[datetime]
    local_due: Mapped[str] = mapped_column(String(80))
    moved_by: Mapped[list[Any]]
    window: Mapped[dict[str, Any] | None]
    useful_until: Mapped[datetime | None]
    on_unknown: Mapped[str] = mapped_column(String(20))

    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(60))
    state_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    lost_leases: Mapped[int]

    facts = Encrypted[dict[str, Any]]()
    address_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    mime_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


# By template, the persons and leads of which a mail brings news though it names none: whoever keeps what it lists says so here.
ABOUT: dict[str, Callable[[Session, Message], Iterable[tuple[uuid.UUID, uuid.UUID]]]] = {}


class DeliveryAttempt(Base):
    """One try to hand a message to a carrier: written before the final dot, finished by the answer to it."""

    __tablename__ = "delivery_attempts"

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id"), index=True)
    fence: Mapped[int] = mapped_column(BigInteger)
    carrier: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    reply_code: Mapped[int | None]
    reply_status: Mapped[str | None] = mapped_column(String(12))


class SendingStop(Base):
    """Sending rests: of one lane or of all, until a moment or until somebody ends it."""

    __tablename__ = "sending_stops"
    __table_args__ = (Index("ix_sending_stops_in_force", "lane", postgresql_where=text("ended_at IS NULL")),)

    lane: Mapped[str | None] = mapped_column(String(20))
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))


class Heartbeat(Base):
    """The last sign of life a task of this lane wrote (real time)."""

    __tablename__ = "heartbeats"

    worker: Mapped[str] = mapped_column(String(40), unique=True)
    at: Mapped[datetime]
