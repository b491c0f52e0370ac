"""The work of imports, some lines at a time: each step is one transaction, so a killed process goes on where the last one ended."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.imports.bring_in import bring_in
from leads.imports.check import check
from leads.imports.models import UNDER_WAY, Import, ImportLine
from leads.imports.take_back import take_back

LINES_A_STEP = 100
STUMBLES = 3
GAVE_UP = {"field": "", "code": "unexpected", "message": "This line could not be brought in, for a reason the log tells. Enter it by hand."}


def under_way(session: Session) -> Sequence[uuid.UUID]:
    """Return the imports that have something to do, the oldest first."""
    return session.scalars(select(Import.id).where(Import.state.in_(UNDER_WAY)).order_by(Import.id)).all()


def step(session: Session, import_id: uuid.UUID) -> bool:
    """Do the next lines of an import; returns whether more may follow, False too while another process is at it."""
    held = session.scalar(select(Import).where(Import.id == import_id, Import.state.in_(UNDER_WAY)).with_for_update(skip_locked=True))
    if held is None:
        return False
    # One by one behind a stumble: only the line that is at fault is given up.
    wanted = 1 if held.stumbles else LINES_A_STEP
    ahead = select(ImportLine).where(ImportLine.import_id == held.id, ImportLine.line > held.reached)
    lines = session.scalars(ahead.order_by(ImportLine.line).limit(wanted)).all()
    if not lines:
        _finish(session, held)
        return False
    _do(session, held, lines)
    held.reached, held.stumbles = lines[-1].line, 0
    return True


def stumbled(session: Session, import_id: uuid.UUID) -> None:
    """Write down that a step failed; the third time the line at which it fails is given up, and the others go on."""
    held = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
    held.stumbles += 1
    if held.stumbles > STUMBLES:
        at_fault = select(ImportLine).where(ImportLine.import_id == held.id, ImportLine.line > held.reached)
        line = session.scalars(at_fault.order_by(ImportLine.line).limit(1)).first()
        if line is not None:
            held.reached, held.stumbles = line.line, 0
            line.state, line.errors = ("kept" if held.state == "undoing" else "wrong"), [GAVE_UP]
            line.why = "unexpected" if held.state == "undoing" else None


def _do(session: Session, held: Import, lines: Sequence[ImportLine]) -> None:
    if held.state == "checking":
        check(session, held, lines)
    elif held.state == "running":
        bring_in(session, held, lines)
    else:
        take_back(session, held, lines, actor=held.set_off_by)


def _finish(session: Session, held: Import) -> None:
    if held.state == "running":
        # What was brought in lies with its person, what was left out is known: only lines to be mended keep their words.
        over = (ImportLine.import_id == held.id, ImportLine.state != "wrong")
        session.execute(update(ImportLine).where(*over).values(cells_cell=None, email_index=None, phone_index=None))
    held.state, held.state_at = UNDER_WAY[held.state], now()
    record(session, f"import.{held.state}", held)
