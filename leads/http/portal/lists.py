"""The practice's referrals by what is needed, and the one that is looked for."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.access.outside import list_outside
from leads.http.portal.draw import draw
from leads.http.portal.signed import Reader, Signed, Writer
from leads.http.transaction import Db
from leads.referrals.find import NUMBER
from leads.referrals.worklists import LISTS, Row, count_lists, page_of, search

A_PAGE, MOST_FOUND = 50, 50
router = APIRouter()


@router.get("")
def show(request: Request, session: Db, signed: Reader, list: str = "", before: str = "") -> Response:
    """Show one list page by page; the first that is not empty where none is chosen. Whom it shows is put on record."""
    counts = count_lists(session, signed.practice)
    chosen = list if list in (*LISTS, "all") else next((name for name in LISTS if counts[name]), "all")
    serial = NUMBER.fullmatch(before)
    rows, more = page_of(session, signed.practice, chosen, before=int(serial[1]) if serial else None, limit=A_PAGE)
    _put_on_record(session, signed, rows, by=chosen)
    following = f"/portal?list={chosen}&before={rows[-1].referral.number}" if more else None
    return draw(request, "list.html", signed=signed, tab="list", chosen=chosen, lists=LISTS, counts=counts, rows=rows, following=following)


@router.post("/find")
def find(request: Request, session: Db, signed: Writer, q: Annotated[str, Form()] = "") -> Response:
    """Go to the one referral that answers, or show those that do; by POST, so that no name stands in an address."""
    rows = search(session, signed.practice, q.strip()[:120], limit=MOST_FOUND)
    if len(rows) == 1:
        return RedirectResponse(f"/portal/referrals/{rows[0].referral.number}", status_code=303)
    _put_on_record(session, signed, rows, by="find")
    return draw(request, "found.html", signed=signed, tab="", q=q[:120], rows=rows)


def _put_on_record(session: Session, signed: Signed, rows: list[Row], *, by: str) -> None:
    list_outside(session, signed.practice, [row.referral for row in rows], actor=signed.actor, by=by)
