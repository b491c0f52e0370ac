"""Spreadsheets that are being brought in, and each of their lines."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leads.db import Base
from leads.security.fields import Encrypted

# What the clock works on, and what each becomes when its last line is done.
UNDER_WAY = {"checking": "checked", "running": "done", "undoing": "undone"}
STATES = ("uploaded", *UNDER_WAY, *UNDER_WAY.values(), "discarded")
LINES = ("waiting", "ready", "wrong", "left-out", "made", "undone", "closed", "kept")


class Import(Base):
    """One spreadsheet: whose, which column is what, how far it has come; `reached` is the last line of the work at hand that is done."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_imports_under_way", "id", postgresql_where=text("state IN ('checking', 'running', 'undoing')")),
    )

    # Names of files and columns are typed by people, and people type names into them.
    file_name = Encrypted[str]()
    headings = Encrypted[list[str]]()
    encoding: Mapped[str] = mapped_column(String(20))
    separator: Mapped[str] = mapped_column(String(1))
    mapping: Mapped[dict[str, Any]]
    office: Mapped[str] = mapped_column(String(40))
    leave_out_known: Mapped[bool]
    call_by: Mapped[datetime | None]
    lines: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    reached: Mapped[int]
    stumbles: Mapped[int]
    uploaded_by: Mapped[str] = mapped_column(String(80))
    uploaded_at: Mapped[datetime]
    # Who began what is being done now, or was done last.
    set_off_by: Mapped[str] = mapped_column(String(80))
    state_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]


class ImportLine(Base):
    """One line of a spreadsheet: its cells until they are used, what was found in it, and what was made of it."""

    __tablename__ = "import_lines"
    __table_args__ = (
        UniqueConstraint("import_id", "line"),
        CheckConstraint(f"state IN {LINES}", name="state"),
        Index(None, "import_id", "state", "line"),
        Index("ix_import_lines_email", "import_id", "email_index", postgresql_where=text("email_index IS NOT NULL")),
        Index("ix_import_lines_phone", "import_id", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
    )

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("imports.id"))
    line: Mapped[int]
    cells = Encrypted[list[str]]()
    state: Mapped[str] = mapped_column(String(20))
    # Fields and codes with our words for them; never what stood in a cell.
    errors: Mapped[list[Any]]
    notices: Mapped[list[Any]]
    # Who it may be: somebody we know, or an earlier line with the same address or phone.
    suspects: Mapped[int]
    twin: Mapped[int | None]
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    # By number and no foreign key: what is undone goes, and its line stays to say so.
    person_id: Mapped[uuid.UUID | None]
    lead_id: Mapped[uuid.UUID | None]
    why: Mapped[str | None] = mapped_column(String(40))
