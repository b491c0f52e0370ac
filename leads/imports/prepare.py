"""From the upload to the start: a file is kept, its columns are named, it is rehearsed, and begun or thrown away."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.imports.columns import COLUMNS, CONSENTS, guess
from leads.imports.models import Import, ImportLine
from leads.imports.read import Sheet, read

# How long the lines that could not be brought in are kept, for somebody to mend them.
KEPT_FOR = timedelta(days=14)
AT_ONCE = 1000


def keep(session: Session, file_name: str, content: bytes, *, actor: str) -> Import:
    """Return an upload as it is kept, every line a cell of its own, its columns guessed; raises Invalid where it cannot be read."""
    sheet = read(content)
    made = Import(
        file_name=file_name[:200] or "spreadsheet.csv",
        headings=list(sheet.headings),
        encoding=sheet.encoding,
        separator=sheet.separator,
        mapping=guess(session, sheet.headings),
        office="none",
        leave_out_known=False,
        lines=len(sheet.lines),
        state="uploaded",
        reached=0,
        stumbles=0,
        uploaded_by=actor,
        set_off_by=actor,
        uploaded_at=now(),
        state_at=now(),
    )
    session.add(made)
    session.flush()
    for first in range(0, len(sheet.lines), AT_ONCE):
        _keep_lines(session, made, sheet, slice(first, first + AT_ONCE))
    record(session, "import.uploaded", made, actor=actor, lines=made.lines)
    return made


def _keep_lines(session: Session, made: Import, sheet: Sheet, which: slice) -> None:
    lines = [
        ImportLine(import_id=made.id, line=number, cells=list(cells), state="waiting", errors=[], notices=[], suspects=0)
        for number, cells in zip(sheet.numbers[which], sheet.lines[which], strict=True)
    ]
    session.add_all(lines)
    session.flush()
    # A long list must not lie in memory twice: these are read again a hundred at a time.
    for line in lines:
        session.expunge(line)


def rehearse(
    session: Session, import_id: uuid.UUID, mapping: Mapping[str, str], *, office: str, call_by: str, leave_out_known: bool, actor: str
) -> Import:
    """Say which column is what and begin the dry run, anew where there was one; raises Invalid naming the field, or Conflict."""
    held = _held(session, import_id, "uploaded", "checked")
    held.mapping = _checked(mapping, len(held.headings or []))
    if office not in ("none", *(each.code for each in clinic().offices)):
        raise _wrong("office", "unknown_choice", "Choose one of the offices.")
    held.office, held.leave_out_known, held.call_by = office, leave_out_known, _closing(office, call_by)
    blank = {"state": "waiting", "errors": [], "notices": [], "suspects": 0, "twin": None, "why": None}
    session.execute(update(ImportLine).where(ImportLine.import_id == held.id).values(blank | {"email_index": None, "phone_index": None}))
    _go(session, held, "checking", actor=actor)
    return held


def begin(session: Session, import_id: uuid.UUID, *, actor: str) -> Import:
    """Bring in every line that the dry run found good; raises Conflict where it has not been rehearsed, or was begun already."""
    held = _held(session, import_id, "checked")
    _go(session, held, "running", actor=actor)
    return held


def undo(session: Session, import_id: uuid.UUID, *, actor: str) -> Import:
    """Take back what was brought in, as far as nobody has worked on it; raises Conflict where there is nothing to take back."""
    held = _held(session, import_id, "done")
    _go(session, held, "undoing", actor=actor)
    return held


def discard(session: Session, import_id: uuid.UUID, *, actor: str) -> None:
    """Throw a file away that was not brought in: its lines are deleted."""
    held = _held(session, import_id, "uploaded", "checked")
    session.execute(delete(ImportLine).where(ImportLine.import_id == held.id))
    _go(session, held, "discarded", actor=actor)
    held.file_name, held.headings, held.mapping = None, None, {}


def forget(session: Session, import_id: uuid.UUID, *, actor: str) -> None:
    """Remove what the lines said that could not be brought in."""
    held = _held(session, import_id, "done", "undone")
    session.execute(update(ImportLine).where(ImportLine.import_id == held.id).values(cells_cell=None))
    held.forgotten_at = held.forgotten_at or now()
    record(session, "import.forgotten", held, actor=actor)


def forget_old(session: Session) -> int:
    """Throw away uploads nobody went on with, and what is left of lines that nobody mended, after two weeks; returns how many."""
    old = (Import.state_at < now() - KEPT_FOR, Import.forgotten_at.is_(None))
    begun = session.query(Import).where(*old, Import.state.in_(("uploaded", "checked"))).with_for_update(skip_locked=True).all()
    ended = session.query(Import).where(*old, Import.state.in_(("done", "undone"))).with_for_update(skip_locked=True).all()
    for each in begun:
        discard(session, each.id, actor=SYSTEM)
    for each in ended:
        forget(session, each.id, actor=SYSTEM)
    return len(begun) + len(ended)


def _held(session: Session, import_id: uuid.UUID, *states: str) -> Import:
    held = session.get(Import, import_id, with_for_update=True, populate_existing=True)
    if held is None:
        raise NotFound("There is no such import.")
    if held.state not in states:
        raise Conflict("This has been done already, or is not possible at this moment. Look where the import stands now.")
    return held


def _go(session: Session, held: Import, state: str, *, actor: str) -> None:
    held.state, held.state_at, held.set_off_by, held.reached, held.stumbles = state, now(), actor, 0, 0
    record(session, f"import.{state}", held, actor=actor)


def _checked(mapping: Mapping[str, str], width: int) -> dict[str, str]:
    chosen = {place: what for place, what in mapping.items() if what in COLUMNS and place.isdecimal() and int(place) < width}
    for what in COLUMNS:
        if list(chosen.values()).count(what) > 1:
            raise _wrong(what, "twice", "Two columns are said to be the same. Choose one of them.")
    if not {"given_name", "full_name"} & set(chosen.values()):
        raise _wrong("given_name", "missing", "Say which column holds the name, or the given name.")
    if not {"email", "phone"} & set(chosen.values()):
        raise _wrong("email", "missing", "Say which column holds the e-mail address or the phone: there is no other way to reach them.")
    claimed = [kind for kind in CONSENTS if kind in chosen.values()]
    if claimed and not {"consent_source", "consent_date"} <= set(chosen.values()):
        raise _wrong("consent_source", "missing", "A consent counts only with its date and how it was given: choose both of these columns.")
    return chosen


def _closing(office: str, day: str) -> datetime:
    """Return when the office closes on the first open day from `day` on."""
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        raise _wrong("call_by", "no_date", "Choose the day by which somebody calls them.") from None
    calendar = clinic().office(office).calendar
    start = datetime.combine(chosen, datetime.min.time(), calendar.zone)
    if start.date() < now().astimezone(calendar.zone).date():
        raise _wrong("call_by", "in_past", "This day has gone. Choose the day by which somebody calls them.")
    open_that_day = calendar.open_spans(chosen)
    return open_that_day[-1][1] if open_that_day else end_of_business_days(calendar, start, 1)


def _wrong(field: str, code: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, code, message),))
