"""Getting in: an existing spreadsheet is uploaded, its columns are named, it is rehearsed, brought in before one's eyes, and undone."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import FieldError, Invalid, LeadsError
from leads.http.console import import_words
from leads.http.console.draw import draw
from leads.http.console.staff import Staff, Worker, needs
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.http.uploads import Sent, read_form
from leads.imports import tell
from leads.imports.columns import COLUMNS, CONSENTS
from leads.imports.models import UNDER_WAY, Import
from leads.imports.prepare import begin, discard, forget, keep, rehearse, undo
from leads.pipeline.find import numbers_of
from leads.reports.csv_file import Cell, as_csv

SAMPLES, RECENT = 3, 20
A_WEEK = timedelta(days=7)
router = APIRouter(prefix="/import")
Looker = Annotated[Staff, Depends(needs("leads.work"))]
# First of all that reads the body: a patient's spreadsheet lies in memory only, whoever asks for a field of the form afterwards.
Form = Annotated[Sent, Depends(read_form)]


@router.get("")
def show_all(request: Request, session: Db, staff: Looker) -> Response:
    """Show what was brought in lately, and where to begin."""
    return _front(request, session, staff)


@router.post("")
def upload(request: Request, session: Db, sent: Form, staff: Worker) -> Response:
    """Keep a spreadsheet and go on to its columns."""
    try:
        with session.begin_nested():
            if not sent.files:
                message = "Choose the file first."
                raise Invalid(message, errors=(FieldError("file", "missing", message),))
            held = keep(session, *sent.files[0], actor=staff.actor)
    except Invalid as refusal:
        return _front(request, session, staff, refusal=refusal)
    return RedirectResponse(f"/console/import/{held.id}?said=import-kept", status_code=303)


@router.get("/{import_id}")
def show(request: Request, session: Db, staff: Looker, import_id: uuid.UUID, columns: bool = False) -> Response:
    """Show where an import stands: its columns, its dry run, its progress or its result."""
    return _page(request, session, staff, tell.one(session, import_id), columns=columns)


@router.get("/{import_id}/progress")
def progress(session: Db, _staff: Looker, import_id: uuid.UUID) -> dict[str, Any]:
    """Say how far the work at hand is."""
    held = tell.one(session, import_id)
    done, lines = tell.progress(session, held)
    return {"state": held.state, "done": done, "lines": lines, "under_way": held.state in UNDER_WAY}


@router.get("/{import_id}/errors.csv")
def errors(session: Db, staff: Looker, import_id: uuid.UUID) -> Response:
    """Send the lines that cannot be brought in, each with what is wrong with it, to be mended and brought in anew."""
    held = tell.one(session, import_id)
    lines = tell.lines_with(session, held, "wrong", limit=None)
    rows: list[list[Cell]] = [[line.line, import_words.wrong(line.errors), *(line.cells or [])] for line in lines]
    record(session, "import.errors-read", held, actor=staff.actor, lines=len(rows))
    content = as_csv(["Line", "What is wrong", *(held.headings or [])], rows)
    headers = {"Content-Disposition": 'attachment; filename="lines-to-mend.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{import_id}/rehearse")
def rehearse_it(request: Request, session: Db, sent: Form, staff: Worker, import_id: uuid.UUID) -> Response:
    """Take the columns as they were named, and begin the dry run."""
    said = {name: values[-1] for name, values in sent.fields.items()}
    mapping = {name.removeprefix("column."): what for name, what in said.items() if name.startswith("column.") and what}

    def verb() -> object:
        left_out = said.get("known") == "leave-out"
        office, call_by = said.get("office", "none"), said.get("call_by", "")
        return rehearse(session, import_id, mapping, office=office, call_by=call_by, leave_out_known=left_out, actor=staff.actor)

    return _do(request, session, staff, import_id, verb, code="import-rehearsed", typed=said)


@router.post("/{import_id}/begin")
def begin_it(request: Request, session: Db, staff: Worker, import_id: uuid.UUID) -> Response:
    """Bring the good lines in."""
    return _do(request, session, staff, import_id, lambda: begin(session, import_id, actor=staff.actor), code="import-begun")


@router.post("/{import_id}/undo")
def undo_it(request: Request, session: Db, staff: Worker, import_id: uuid.UUID) -> Response:
    """Take back what was brought in and nobody has worked on."""
    return _do(request, session, staff, import_id, lambda: undo(session, import_id, actor=staff.actor), code="import-undone")


@router.post("/{import_id}/forget")
def forget_it(request: Request, session: Db, staff: Worker, import_id: uuid.UUID) -> Response:
    """Remove what the lines said that could not be brought in."""
    return _do(request, session, staff, import_id, lambda: forget(session, import_id, actor=staff.actor), code="import-forgotten")


@router.post("/{import_id}/discard")
def discard_it(request: Request, session: Db, staff: Worker, import_id: uuid.UUID) -> Response:
    """Throw the file away, and go back to the front."""
    return _do(request, session, staff, import_id, lambda: discard(session, import_id, actor=staff.actor), code="import-discarded", to="")


def _do(
    request: Request,
    session: Session,
    staff: Staff,
    import_id: uuid.UUID,
    verb: Callable[[], object],
    *,
    code: str,
    to: str | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    try:
        with session.begin_nested():
            verb()
    except LeadsError as refusal:
        session.expire_all()
        return _page(request, session, staff, tell.one(session, import_id), refusal=refusal, typed=typed, columns=typed is not None)
    place = f"/{import_id}" if to is None else to
    return RedirectResponse(f"/console/import{place}?said={code}", status_code=303)


def _front(request: Request, session: Session, staff: Staff, *, refusal: LeadsError | None = None) -> Response:
    return draw(
        request,
        "imports.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="import",
        waiting=waiting(session),
        imports=tell.recent(session, limit=RECENT),
        zone=clinic().office(None).zone,
        terms=import_words,
        refusal=refusal,
    )


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    held: Import,
    *,
    refusal: LeadsError | None = None,
    typed: dict[str, str] | None = None,
    columns: bool = False,
) -> Response:
    names_columns = held.state == "uploaded" or (columns and held.state == "checked")
    wrong = tell.lines_with(session, held, "wrong")
    if names_columns:
        # The first lines stand below the columns as they are.
        record(session, "import.read", held, actor=staff.actor)
    kept = tell.lines_with(session, held, "kept")
    return draw(
        request,
        "import_columns.html" if names_columns else "import.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="import",
        waiting=waiting(session),
        held=held,
        is_busy=held.state in UNDER_WAY,
        standing=tell.standing(session, held),
        samples=tell.first_lines(session, held, limit=SAMPLES) if names_columns else (),
        wrong=wrong,
        kept=kept,
        numbers=numbers_of(session, [line.lead_id for line in kept if line.lead_id]),
        columns=COLUMNS,
        consents=CONSENTS,
        typed=typed or {},
        call_by=held.call_by or now() + A_WEEK,
        zone=clinic().office(held.office).zone,
        offices=clinic().offices,
        terms=import_words,
        refusal=refusal,
    )
