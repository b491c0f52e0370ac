"""How far an import is, and what a person should know about it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.imports.models import Import, ImportLine

SHOWN = 50


@dataclass(frozen=True)
class Standing:
    """Lines by what became of them, by notice and by why; `done` of `lines` are through the work at hand."""

    states: dict[str, int]
    notices: dict[str, int]
    reasons: dict[tuple[str, str], int]
    suspects: int
    twins: int
    done: int
    lines: int

    @property
    def percent(self) -> int:
        """How far the work at hand is."""
        return 100 * self.done // self.lines if self.lines else 100


def one(session: Session, import_id: uuid.UUID) -> Import:
    """Return an import; raises NotFound."""
    held = session.get(Import, import_id)
    if held is None or held.state == "discarded":
        raise NotFound("There is no such import. It may have been thrown away.")
    return held


def recent(session: Session, *, limit: int) -> Sequence[Import]:
    """Return the newest imports that were not thrown away."""
    return session.scalars(select(Import).where(Import.state != "discarded").order_by(Import.id.desc()).limit(limit)).all()


def progress(session: Session, held: Import) -> tuple[int, int]:
    """Return how many lines are through the work at hand, and of how many."""
    through = select(func.count()).where(ImportLine.import_id == held.id, ImportLine.line <= held.reached)
    return session.scalar(through) or 0, held.lines


def standing(session: Session, held: Import) -> Standing:
    """Return where an import stands, counted over all of its lines."""
    mine = ImportLine.import_id == held.id
    states = dict(session.execute(select(ImportLine.state, func.count()).where(mine).group_by(ImportLine.state)).all())
    ready = (mine, ImportLine.state == "ready")
    code = func.jsonb_array_elements(ImportLine.notices).op("->>")("code")
    notices = select(code.label("code")).where(*ready).subquery()
    told: dict[str, int] = dict(session.execute(select(notices.c.code, func.count()).group_by(notices.c.code)).all())
    why = select(ImportLine.state, ImportLine.why, func.count()).where(mine, ImportLine.why.is_not(None))
    reasons = {(state, reason or ""): count for state, reason, count in session.execute(why.group_by(ImportLine.state, ImportLine.why))}
    alike = select(func.count().filter(ImportLine.suspects > 0), func.count(ImportLine.twin)).where(*ready)
    suspects, twins = session.execute(alike).one()
    done, lines = progress(session, held)
    return Standing(states, told, reasons, suspects, twins, done, lines)


def first_lines(session: Session, held: Import, *, limit: int) -> Sequence[ImportLine]:
    """Return the first lines, to see what is in which column."""
    return session.scalars(select(ImportLine).where(ImportLine.import_id == held.id).order_by(ImportLine.line).limit(limit)).all()


def lines_with(session: Session, held: Import, *states: str, limit: int | None = SHOWN) -> Sequence[ImportLine]:
    """Return the lines that came to one of these states, in the order of the file."""
    wanted = select(ImportLine).where(ImportLine.import_id == held.id, ImportLine.state.in_(states)).order_by(ImportLine.line)
    return session.scalars(wanted.limit(limit) if limit else wanted).all()
