"""Bringing a spreadsheet in from the page: upload, columns, dry run, start, result, undo."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from httpx import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.imports.models import Import, ImportLine
from leads.imports.prepare import begin
from leads.pipeline.models import Lead
from tests.cast import ACTOR
from tests.http.console.conftest import Browser
from tests.imports.cast import ANA, BEN, MAPPING, NOBODY, brought_in, rehearsed, sheet, work

pytestmark = pytest.mark.usefixtures("tuesday")
FRONT = "/console/import"


def upload(browser: Browser, content: bytes, name: str = "leads.csv") -> Response:
    """Choose a file and send it."""
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get(FRONT).text)
    assert token
    return browser.post(FRONT, data={"csrf": token[1]}, files={"file": (name, content, "text/csv")}, follow_redirects=False)


def page_of(held: Import) -> str:
    return f"{FRONT}/{held.id}"


def place_of(answer: Response) -> str:
    """Where a form leads, but for what the page there says."""
    return str(answer.headers["location"]).partition("?")[0]


def test_an_upload_is_kept_and_its_columns_are_asked_for(session: Session, coordinator: Browser) -> None:
    answer = upload(coordinator, sheet(ANA, BEN))
    page = coordinator.get(answer.headers["location"]).text
    assert "Which column is what?" in page
    assert re.search(r'name="column.2".*?<option value="email" selected>', page, re.DOTALL)
    assert session.scalars(select(Import)).one().lines == 2


def test_what_stands_in_the_file_lies_encrypted(session: Session, coordinator: Browser) -> None:
    upload(coordinator, sheet(ANA), name="Rivera family.csv")
    held, line = session.scalars(select(Import)).one(), session.scalars(select(ImportLine)).one()
    assert b"Rivera" not in (held.file_name_cell or b"") + (line.cells_cell or b"")


@pytest.mark.parametrize(("content", "words"), [(b"PK\x03\x04", "save it as CSV"), (b"Name\n", "no lines"), (b"", "no lines")])
def test_what_is_no_spreadsheet_is_refused_on_the_page(session: Session, coordinator: Browser, content: bytes, words: str) -> None:
    answer = upload(coordinator, content)
    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalars(select(Import)).all() == []


def test_a_form_without_a_file_says_so(coordinator: Browser) -> None:
    assert "Choose the file first" in coordinator.form(FRONT, page=FRONT).text


def test_another_sites_form_brings_nothing_in(session: Session, coordinator: Browser) -> None:
    answer = coordinator.post(FRONT, data={"csrf": "guessed"}, files={"file": ("a.csv", sheet(ANA), "text/csv")})
    assert answer.status_code == 403
    assert session.scalars(select(Import)).all() == []


def test_the_columns_are_taken_and_the_dry_run_begins(session: Session, coordinator: Browser) -> None:
    place = place_of(upload(coordinator, sheet(ANA, BEN, NOBODY)))
    columns = {f"column.{column}": what for column, what in MAPPING.items()}
    answer = coordinator.form(f"{place}/rehearse", page=place, office="woodbury", call_by="2026-10-20", known="suggest", **columns)
    assert place_of(answer) == place
    assert 'data-state="checking"' in coordinator.get(place).text
    work(session, session.scalars(select(Import)).one())
    session.commit()
    assert "Bring 2 lines in" in coordinator.get(place).text


def test_columns_that_cannot_work_are_refused_and_stay_chosen(coordinator: Browser) -> None:
    place = place_of(upload(coordinator, sheet(ANA)))
    answer = coordinator.form(f"{place}/rehearse", page=place, office="woodbury", call_by="2026-10-20", **{"column.4": "birth_date"})
    assert answer.status_code == 422
    assert "Say which column holds the name" in answer.text
    assert re.search(r'name="column.4".*?<option value="birth_date" selected>', answer.text, re.DOTALL)


def test_it_is_begun_once_and_shows_how_far_it_is(session: Session, coordinator: Browser) -> None:
    held = rehearsed(session, ANA, BEN)
    session.commit()
    coordinator.form(f"{page_of(held)}/begin", page=page_of(held))
    told = coordinator.get(f"{page_of(held)}/progress").json()
    assert told == {"state": "running", "done": 0, "lines": 2, "under_way": True}
    assert coordinator.form(f"{page_of(held)}/begin", page=FRONT).status_code == 409


def test_the_lines_to_mend_come_as_a_file_with_what_is_wrong(session: Session, coordinator: Browser) -> None:
    held = rehearsed(session, ANA, ("=cmd()", *NOBODY[1:]))
    session.commit()
    content = coordinator.get(f"{page_of(held)}/errors.csv").content
    head, row = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert (head[:2], row[0], row[2]) == (["Line", "What is wrong"], "3", "'=cmd()")
    assert "E-mail address: This is not a complete e-mail address." in row[1]
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "import.errors-read")).one()


def test_it_is_undone_from_the_page_and_says_what_it_left(session: Session, coordinator: Browser) -> None:
    held = brought_in(session, BEN, ANA)
    lead = session.scalars(select(Lead).order_by(Lead.serial)).first()
    assert lead
    lead.version = 2
    session.commit()
    coordinator.form(f"{page_of(held)}/undo", page=page_of(held))
    work(session, session.get_one(Import, held.id, populate_existing=True))
    session.commit()
    page = coordinator.get(page_of(held)).text
    assert "a colleague has worked on it" in page
    assert f'href="/console/leads/{lead.number}"' in page


def test_what_the_lines_say_is_removed_when_somebody_says_so(session: Session, coordinator: Browser) -> None:
    held = brought_in(session, NOBODY)
    session.commit()
    coordinator.form(f"{page_of(held)}/forget", page=page_of(held))
    assert session.scalar(select(func.count()).where(ImportLine.cells_cell.is_not(None))) == 0


def test_a_file_is_thrown_away_with_its_lines(session: Session, coordinator: Browser) -> None:
    held = rehearsed(session, ANA)
    session.commit()
    assert coordinator.form(f"{page_of(held)}/discard", page=page_of(held)).headers["location"] == f"{FRONT}?said=import-discarded"
    assert session.scalar(select(func.count()).select_from(ImportLine)) == 0
    assert coordinator.get(page_of(held)).status_code == 404


def test_a_running_import_is_not_thrown_away(session: Session, coordinator: Browser) -> None:
    held = rehearsed(session, ANA)
    begin(session, held.id, actor=ACTOR)
    session.commit()
    assert coordinator.form(f"{page_of(held)}/discard", page=page_of(held)).status_code in (403, 409)


@pytest.mark.parametrize("role", ["reviewer", "auditor", "administrator"])
def test_only_who_works_with_leads_sees_a_list_of_people(session: Session, signed_in: Callable[..., Browser], role: str) -> None:
    held = rehearsed(session, ANA)
    session.commit()
    browser = signed_in(role)
    assert {
        browser.get(path).status_code for path in (FRONT, page_of(held), f"{page_of(held)}/errors.csv", f"{page_of(held)}/progress")
    } == {403}
