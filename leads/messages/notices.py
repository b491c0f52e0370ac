"""What one of us is told once: a row stands for the telling, so that however many clocks tick, nobody is told twice."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from leads.clock import now
from leads.db import Base, new_id


class StaffNotice(Base):
    """Something colleagues were told: what kind of news, and which (a row's id, or a day)."""

    __tablename__ = "staff_notices"
    __table_args__ = (UniqueConstraint("kind", "key"),)
    ONLY_WRITTEN = True

    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class BriefReader(Base):
    """A colleague who wants the daily brief."""

    __tablename__ = "brief_readers"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), unique=True)
    since: Mapped[datetime]


def is_first(session: Session, kind: str, key: object) -> bool:
    """True where nobody told this news before; from now on it is told."""
    # Another clock's row that is not committed yet is waited for here: if it comes to nothing, this telling is the first after all.
    row = insert(StaffNotice).values(id=new_id(), kind=kind, key=str(key), at=now())
    return session.scalar(row.on_conflict_do_nothing(index_elements=["kind", "key"]).returning(StaffNotice.id)) is not None


def wants_brief(session: Session, account_id: uuid.UUID) -> bool:
    """True for a colleague who wants the daily brief."""
    return bool(session.scalar(select(exists().where(BriefReader.account_id == account_id))))
