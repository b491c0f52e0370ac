"""Grants, choices, confirmations, suppressions, holds and pauses."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

GRANTS = ("contact", "education", "unencrypted_email", "status_to_referrer")
# The reasons of a stop that no link and no form lifts.
FOR_GOOD = ("deceased", "never-contact")


class ConsentEntry(Base):
    """One dated act of granting or withdrawing; never changed, never deleted (a trigger refuses both)."""

    __tablename__ = "consents"
    ONLY_WRITTEN = True
    __table_args__ = (Index(None, "person_id", "kind", "at"), CheckConstraint("act IN ('grant', 'withdraw')", name="act"))

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    act: Mapped[str] = mapped_column(String(10))
    # Whom it names, where it names one: what may be told to one clinician is not thereby told to another.
    referral_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("referrals.id"))
    wording: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(40))
    evidence = Encrypted[str]()
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class Choice(Base):
    """One dated act that changes what we may send, or how; never changed, never deleted (a trigger refuses both).

    `what` is `topic:` and its code, `all`, `address`, `pause`, `language` or `discreet`. What it makes hold now stands in rows that can
    end, a suppression or a pause; that it was asked for, by whom and by what means, stands here for good.
    """

    __tablename__ = "choices"
    ONLY_WRITTEN = True
    __table_args__ = (Index(None, "person_id", "at"), CheckConstraint("act IN ('stop', 'allow', 'rest', 'resume', 'set')", name="act"))

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    act: Mapped[str] = mapped_column(String(10))
    what: Mapped[str] = mapped_column(String(50))
    # Until when a rest lasts, which language, discreet or not.
    value: Mapped[str | None] = mapped_column(String(40))
    wording: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(40))
    evidence = Encrypted[str]()
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class Confirmation(Base):
    """An address proved to be the person's own: by the button, by a reply, or spoken to a coordinator."""

    __tablename__ = "confirmations"
    __table_args__ = (Index(None, "person_id", "address_index", unique=True),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    address_index: Mapped[bytes] = mapped_column(LargeBinary)
    method: Mapped[str] = mapped_column(String(20))
    evidence = Encrypted[str]()
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class Suppression(Base):
    """A stop: of one topic or of all, for a person, or for an address whoever it belongs to; lifted, never deleted."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("person_id IS NOT NULL OR address_index IS NOT NULL", name="of_somebody"),
        Index("ix_suppressions_person", "person_id", postgresql_where=text("lifted_at IS NULL")),
        Index(None, "person_id"),
        Index("ix_suppressions_address", "address_index", postgresql_where=text("lifted_at IS NULL")),
    )

    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    address_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    topic: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(80))


class Hold(Base):
    """A safety hold: no automatic mail of any kind until a clinician releases it with a disposition."""

    __tablename__ = "holds"
    __table_args__ = (Index("ix_holds_person", "person_id", postgresql_where=text("released_at IS NULL")), Index(None, "person_id"))

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(40))
    raised_by: Mapped[str] = mapped_column(String(80))
    raised_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(80))
    disposition_code: Mapped[str | None] = mapped_column(String(20))
    disposition = Encrypted[str]()


class Pause(Base):
    """A rest until a date: asked for by the person, a coordinator, or an out-of-office reply."""

    __tablename__ = "pauses"
    __table_args__ = (Index("ix_pauses_person", "person_id", postgresql_where=text("ended_at IS NULL")), Index(None, "person_id"))

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
