"""Clinicians who refer, where they work, who writes for them, what was typed, and how we came to believe it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted, blind_index

EACH, DAILY = "each", "daily"


class Practice(Base):
    """Where clinicians work; only a key's issue, a call or staff make one, never a form."""

    __tablename__ = "practices"

    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text, index=True)
    phone = Encrypted[str]()
    fax = Encrypted[str]()
    address = Encrypted[str]()
    # At most this much is told to it, even where the patient's grant allows more; None is no limit of its own.
    disclosure: Mapped[str | None] = mapped_column(String(20))
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


# The words of a clinician's name, which stands in the clear; where it has other signs than these a reader must compare.
NAME_READ = "(coalesce(given_name, '') || ' ') || coalesce(family_name, '')"
NAME_WORDS = f"to_tsvector('simple', translate({NAME_READ}, '-.,/()', '      '))"
OTHER_SIGNS = f"({NAME_READ}) ~ '[^A-Za-z .,/()-]'"


class Provider(Base):
    """A clinician at one practice. Without a practice it is only what an NPI stands for: no contact is ever on file there.

    Unique per NPI *and practice*: two practices of one clinician see and change each their own contact. `email` is on file,
    `typed_email` waits for a call; `sources` says of each field where it came from: registry, claimed, referrer or staff.
    """

    __tablename__ = "providers"
    __table_args__ = (
        Index(
            "uq_providers_npi",
            "npi",
            "practice_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("npi IS NOT NULL"),
        ),
        Index("ix_providers_name_words", text(NAME_WORDS), postgresql_using="gin"),
        Index("ix_providers_other_signs", "id", postgresql_where=text(OTHER_SIGNS)),
        CheckConstraint("practice_id IS NOT NULL OR (email IS NULL AND verified_at IS NULL)", name="no_contact_of_strangers"),
    )

    npi: Mapped[str | None] = mapped_column(String(10))
    given_name: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    credential: Mapped[str | None] = mapped_column(Text)
    taxonomy: Mapped[str | None] = mapped_column(String(10))
    practice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("practices.id"), index=True)
    phone = Encrypted[str]()
    fax = Encrypted[str]()
    email = Encrypted[str]()
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    typed_email = Encrypted[str]()
    sources: Mapped[dict[str, Any]]
    notify: Mapped[str] = mapped_column(String(10))
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def full_name(self) -> str:
        """The name in reading order, with the credential."""
        name = " ".join(part for part in (self.given_name, self.family_name) if part)
        return f"{name}, {self.credential}" if self.credential else name


class Delegate(Base):
    """Somebody who submits and follows for a clinician, or for all of a practice; the clinician stays accountable."""

    __tablename__ = "delegates"

    practice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("practices.id"), index=True)
    provider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("providers.id"))
    name = Encrypted[str]()
    email = Encrypted[str]()
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    typed_email = Encrypted[str]()
    notify: Mapped[str] = mapped_column(String(10))
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(80))
    removed_at: Mapped[datetime | None]


class PortalSession(Base):
    """One signed-in browser of a clinician or a delegate: its cookie's hash, and until when it lasts (real time)."""

    __tablename__ = "portal_sessions"
    __table_args__ = (CheckConstraint("num_nonnulls(provider_id, delegate_id) = 1", name="one_holder"),)

    provider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("providers.id"), index=True)
    delegate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delegates.id"), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Claim(Base):
    """What one submission says about who sends it, as typed; until it is verified nobody but our staff sees it."""

    __tablename__ = "provider_claims"
    __table_args__ = (Index("ix_provider_claims_waiting", "at", postgresql_where=text("verified_at IS NULL AND refused_at IS NULL")),)

    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("providers.id"), index=True)
    practice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("practices.id"), index=True)
    delegate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("delegates.id"))
    said = Encrypted[dict[str, str]]()
    # Where "received" goes and nothing else: on file is an address only after a call or by a key.
    email = Encrypted[str]()
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    channel: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]


class Verification(Base):
    """Who came to believe whom, when and how; a trigger refuses every UPDATE and DELETE."""

    __tablename__ = "verifications"
    __table_args__ = (
        Index(None, "subject_id", "at"),
        CheckConstraint("act IN ('verify', 'withdraw')", name="act"),
        CheckConstraint("method IN ('call', 'key', 'staff')", name="method"),
    )

    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[uuid.UUID]
    act: Mapped[str] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(10))
    called = Encrypted[str]()
    answered_by = Encrypted[str]()
    listed_in: Mapped[str | None] = mapped_column(String(160))
    why: Mapped[str | None] = mapped_column(String(400))
    key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


def email_index(address: str) -> bytes:
    """Return the blind index of a referrer's address; not the one people's addresses have, so that the two cannot be joined."""
    return blind_index("provider-email", address.strip().casefold())
