"""Secret addresses under which an office's visits can be read into a calendar program."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base


class CalendarFeed(Base):
    """One address of one office's feed: who made it and when, and who ended it. The secret itself is kept by nobody but its holder."""

    __tablename__ = "calendar_feeds"

    office: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
