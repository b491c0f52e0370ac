"""People whose record opens only with a reason, and who opened it."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted


class Restriction(Base):
    """A person whose record is not for everybody here, such as a colleague's; who said so, why, and who lifted it."""

    __tablename__ = "restrictions"
    __table_args__ = (Index("uq_restrictions_standing", "person_id", unique=True, postgresql_where=text("lifted_at IS NULL")),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    reason = Encrypted[str]()
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = mapped_column(String(80))
    lifted_at: Mapped[datetime | None]


class Opening(Base):
    """Somebody broke the glass: a restricted record was opened for a written reason, for a while (real time)."""

    __tablename__ = "openings"
    __table_args__ = (Index(None, "person_id", "account_id", "until"),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    reason = Encrypted[str]()
    opened_at: Mapped[datetime]
    until: Mapped[datetime]
    seen_by: Mapped[str | None] = mapped_column(String(80))
    seen_at: Mapped[datetime | None]
