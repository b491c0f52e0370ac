"""Lists that somebody comes back to: saved under a name, with the address as their content, so that a link shares them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import Conflict, Invalid
from leads.pipeline.models import SavedView

KEPT = ("need", "office", "stage", "owner", "source", "mine")
# Beside the worklist: what else has filters worth a name. What is typed into the search is none of them: it names somebody.
LISTS = {"board": ("office", "owner", "source"), "visits": ("office", "span")}
LONGEST_NAME, MOST = 60, 30
# Longer than anybody may take back what they did.
PUT_AWAY_FOR = timedelta(hours=1)


def views_of(session: Session, account_id: uuid.UUID) -> Sequence[SavedView]:
    """Return the views an account has saved, by name."""
    found = session.scalars(select(SavedView).where(SavedView.account_id == account_id, SavedView.removed_at.is_(None))).all()
    return sorted(found, key=lambda view: (view.name or "").casefold())


def query_of(chosen: Mapping[str, str]) -> str:
    """Return the query of an address that shows what is chosen, always in the same order."""
    return urlencode([(name, chosen[name]) for name in KEPT if chosen.get(name)])


def view_on(name: str, chosen: Mapping[str, str]) -> str:
    """Return the content of a view of this list beside the worklist, or nothing where nothing is chosen."""
    kept = urlencode([(each, chosen[each]) for each in LISTS[name] if chosen.get(each)])
    return f"on={name}&{kept}" if kept else ""


def address_of(view: SavedView) -> str:
    """Return where a view leads."""
    chosen = dict(parse_qsl(view.query))
    name = chosen.pop("on", "")
    return f"/console/{name}?{urlencode(chosen)}" if name else f"/console?{view.query}"


class Saved(NamedTuple):
    """A view that was saved, and the name it had where only that is new."""

    view: SavedView
    was: str | None = None


def save_view(session: Session, account_id: uuid.UUID, *, name: str, query: str) -> Saved:
    """Keep what an address shows under a name; the same address saved again takes the new name. Raises Invalid."""
    words, kept = " ".join(name.split()), _kept(dict(parse_qsl(query[:400])))
    if not words or len(words) > LONGEST_NAME:
        raise Invalid(f"A view needs a name, of at most {LONGEST_NAME} characters.")
    if not kept:
        raise Invalid("Choose a list or a filter first: everything needs no view of its own.")
    known = session.scalar(select(SavedView).where(SavedView.account_id == account_id, SavedView.query == kept))
    if known is None or known.removed_at is not None:
        _check_room(session, account_id)
    if known is not None:
        was = known.name if known.removed_at is None else None
        known.name, known.removed_at = words, None
        return Saved(known, was)
    view = SavedView(account_id=account_id, name=words, query=kept, created_at=now())
    session.add(view)
    return Saved(view)


def unsave(session: Session, account_id: uuid.UUID, view_id: uuid.UUID, *, was: str | None, name: str) -> None:
    """Take back that a view was saved, or the name it got; raises Conflict where it has another name since, or is gone."""
    mine = select(SavedView).where(SavedView.account_id == account_id, SavedView.id == view_id, SavedView.removed_at.is_(None))
    view = session.scalar(mine.with_for_update())
    if view is None or view.name != name:
        raise Conflict("This view was removed or has another name since.")
    if was is None:
        view.removed_at = now()
    else:
        view.name = was


def remove_view(session: Session, account_id: uuid.UUID, view_id: uuid.UUID) -> SavedView | None:
    """Put away one of an account's own views and return it; any other changes nothing. What was put away before is forgotten by then."""
    mine = SavedView.account_id == account_id
    session.execute(delete(SavedView).where(mine, SavedView.removed_at < now() - PUT_AWAY_FOR))
    view = session.scalar(select(SavedView).where(mine, SavedView.id == view_id, SavedView.removed_at.is_(None)).with_for_update())
    if view is not None:
        view.removed_at = now()
    return view


def bring_back(session: Session, account_id: uuid.UUID, view_id: uuid.UUID) -> SavedView:
    """Bring back a view that was removed; raises Conflict where it stands again, is forgotten, or there is no room for it."""
    mine = select(SavedView).where(SavedView.account_id == account_id, SavedView.id == view_id, SavedView.removed_at.is_not(None))
    view = session.scalar(mine.with_for_update())
    if view is None:
        raise Conflict("This view was saved again since, or is forgotten.")
    try:
        _check_room(session, account_id)
    except Invalid as refusal:
        raise Conflict(refusal.message) from None
    view.removed_at = None
    return view


def _kept(chosen: Mapping[str, str]) -> str:
    return view_on(chosen["on"], chosen) if chosen.get("on") in LISTS else query_of(chosen)


def _check_room(session: Session, account_id: uuid.UUID) -> None:
    if len(views_of(session, account_id)) >= MOST:
        raise Invalid(f"You have {MOST} views. Remove one that you no longer use.")
