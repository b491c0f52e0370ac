"""Where the command palette leads: pages, lists and one's own views; what a page itself offers, its script adds."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from leads.http.console import shell, words
from leads.http.console.staff import Reader
from leads.http.transaction import Db
from leads.pipeline.views import address_of, views_of

router = APIRouter()


@router.get("/palette")
def entries(session: Db, staff: Reader) -> Response:
    """Return what may be gone to, each with its words, its address and its keys; nothing of it names a patient."""
    views = [{"label": view.name, "hint": "Your view", "href": address_of(view)} for view in views_of(session, staff.id)]
    pages = [{"label": tab.label, "hint": "Page", "href": tab.path, "keys": tab.keys} for tab in shell.tabs_of(staff)]
    lists = [{"label": name, "hint": "List", "href": f"/console?need={code}"} for code, name in words.NEEDS.items()]
    mine = [{"label": "My leads", "hint": "List", "href": "/console?owner=me", "keys": "g m"}]
    return JSONResponse({"entries": [*pages, *mine, *views, *lists]})
