"""People and the suspicion that two of them are one."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.people.names import EDITION, buckets_of
from leads.security.fields import Encrypted

NOT_HASHED = text(f"name_buckets[1] IS DISTINCT FROM {EDITION}")
# What stands in a list where the name of a restricted record would.
RESTRICTED = "Restricted"


class Name(Encrypted[str]):
    """A cell with a name in it: whoever writes it, the person is found by it from then on."""

    def __set__(self, row: "Person", value: str | None) -> None:
        super().__set__(row, value)
        row.name_buckets = buckets_of(row.given_name, row.family_name)


class Person(Base):
    """Someone seeking care. Identifying columns are cells; blind indexes find e-mail and phone, buckets find names."""

    __tablename__ = "people"
    __table_args__ = (
        Index(None, "email_index"),
        Index(None, "phone_index"),
        Index("ix_people_name_buckets", "name_buckets", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_people_unhashed", "id", postgresql_where=NOT_HASHED),
        Index("ix_people_restricted", "id", postgresql_where=text("restricted_at IS NOT NULL")),
        Index("ix_people_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    )

    given_name = Name()
    family_name = Name()
    email = Encrypted[str]()
    phone = Encrypted[str]()
    birth_date = Encrypted[str]()
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_buckets: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    language: Mapped[str] = mapped_column(String(5))
    reach_by: Mapped[str | None] = mapped_column(String(20))
    reach_when: Mapped[str | None] = mapped_column(String(20))
    safe_voicemail: Mapped[bool]
    safe_email: Mapped[bool]
    discreet: Mapped[bool]
    created_at: Mapped[datetime]
    # Since when this record opens only with a written reason; who said so stands in `restrictions`.
    restricted_at: Mapped[datetime | None]
    # Who this turned out to be: everything of theirs hangs on that record, and what is typed again is recognised as theirs.
    merged_into: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))

    @property
    def full_name(self) -> str:
        """The name as it was given, in reading order."""
        return _joined(self.given_name, self.family_name)

    @property
    def listed_name(self) -> str:
        """The name as lists show it: a restricted record is in its place, and says nothing of who it is."""
        return RESTRICTED if self.restricted_at else self.full_name


def listed_name(person_id: uuid.UUID, given_name: bytes | None, family_name: bytes | None, *, is_restricted: bool) -> str:
    """Return what `Person.listed_name` says, for who read only these two cells and whether the record is restricted."""
    if is_restricted:
        return RESTRICTED
    return _joined(Person.given_name.opened(given_name, person_id), Person.family_name.opened(family_name, person_id))


def _joined(*parts: str | None) -> str:
    return " ".join(filter(None, parts))


class MergeSuggestion(Base):
    """Two people who may be one; a coordinator decides."""

    __tablename__ = "merge_suggestions"
    __table_args__ = (
        UniqueConstraint("person_id", "other_id"),
        Index("ix_merge_suggestions_open", "id", postgresql_where=text("decided_at IS NULL")),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    other_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    why: Mapped[str] = mapped_column(String(60))
    suggested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str | None] = mapped_column(String(20))


class Merge(Base):
    """Two records turned out to be one person: who said so and when, and what stood before, so that it can be undone."""

    __tablename__ = "merges"
    __table_args__ = (
        Index("ix_merges_kept", "kept_id", postgresql_where=text("undone_at IS NULL")),
        Index("ix_merges_other", "other_id", postgresql_where=text("undone_at IS NULL")),
        Index(None, "kept_id"),
        Index(None, "other_id"),
    )

    kept_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    other_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    # Rows whose values were changed rather than moved: table, id, and the cells and columns as they stood.
    before = Encrypted[list[dict[str, Any]]]()
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(80))


class MergeMove(Base):
    """The rows of one table that a merge moved from one record to the other: undoing it moves exactly these back."""

    __tablename__ = "merge_moves"

    merge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merges.id"), index=True)
    table_name: Mapped[str] = mapped_column(String(63))
    column_name: Mapped[str] = mapped_column(String(63))
    from_id: Mapped[uuid.UUID]
    to_id: Mapped[uuid.UUID]
    row_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid()))
