"""People and the suspicion that two of them are one."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted


class Person(Base):
    """Someone seeking care. Identifying columns are cells; e-mail and phone are found by blind index."""

    __tablename__ = "people"
    __table_args__ = (Index(None, "email_index"), Index(None, "phone_index"))

    given_name = Encrypted[str]()
    family_name = Encrypted[str]()
    email = Encrypted[str]()
    phone = Encrypted[str]()
    birth_date = Encrypted[str]()
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(5))
    reach_by: Mapped[str | None] = mapped_column(String(20))
    reach_when: Mapped[str | None] = mapped_column(String(20))
    safe_voicemail: Mapped[bool]
    safe_email: Mapped[bool]
    discreet: Mapped[bool]
    created_at: Mapped[datetime]
    # Since when this record opens only with a written reason; who said so stands in `restrictions`.
    restricted_at: Mapped[datetime | None]

    @property
    def full_name(self) -> str:
        """The name as it was given, in reading order."""
        return " ".join(part for part in (self.given_name, self.family_name) if part)

    @property
    def listed_name(self) -> str:
        """The name as lists show it: a restricted record is in its place, and says nothing of who it is."""
        return "Restricted" if self.restricted_at else self.full_name


class MergeSuggestion(Base):
    """Two people who may be one; a coordinator decides."""

    __tablename__ = "merge_suggestions"
    __table_args__ = (UniqueConstraint("person_id", "other_id"),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    other_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    why: Mapped[str] = mapped_column(String(60))
    suggested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str | None] = mapped_column(String(20))
