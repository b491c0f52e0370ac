"""To-dos."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted


class Todo(Base):
    """Something a person must do, by when, and for which role; done or dropped by somebody, with an outcome.

    Where it is a step of a sequence, `enrolment_id`, `step` and `occurrence` say which; the sequence waits until it is done.
    """

    __tablename__ = "todos"
    __table_args__ = (
        Index("ix_todos_open", "urgent", "due_at", postgresql_where=text("done_at IS NULL")),
        Index("ix_todos_open_person", "person_id", postgresql_where=text("done_at IS NULL")),
        Index("ix_todos_open_lead", "lead_id", postgresql_where=text("done_at IS NULL")),
        Index("ix_todos_done_lead", "lead_id", "done_at", postgresql_where=text("done_at IS NOT NULL")),
        Index("ix_todos_own", "for_account", postgresql_where=text("done_at IS NULL AND for_account IS NOT NULL")),
        Index("ix_todos_waitlist", "opened_at", "lead_id", postgresql_where=text("kind = 'look-again' AND done_at IS NULL")),
        # However many clocks tick at once, a step asks for its to-do once.
        Index("uq_todos_step", "enrolment_id", "step", "occurrence", unique=True, postgresql_where=text("enrolment_id IS NOT NULL")),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("leads.id"))
    kind: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    urgent: Mapped[bool]
    due_at: Mapped[datetime]
    note = Encrypted[str]()
    opened_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime]
    done_by: Mapped[str | None] = mapped_column(String(80))
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    enrolment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enrolments.id"))
    step: Mapped[str | None] = mapped_column(String(60))
    occurrence: Mapped[int | None]
    depends_on: Mapped[dict[str, Any] | None]
    # Whose it is, where a colleague gave it to one of us; anybody's else who has the role.
    for_account: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
