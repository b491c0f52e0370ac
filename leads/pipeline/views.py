"""Worklists that somebody comes back to: saved under a name, with the address as their content, so that a link shares them."""

import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import Invalid
from leads.pipeline.models import SavedView

KEPT = ("need", "office", "stage", "owner", "source", "mine")
LONGEST_NAME, MOST = 60, 30


def views_of(session: Session, account_id: uuid.UUID) -> Sequence[SavedView]:
    """Return the views an account has saved, by name."""
    found = session.scalars(select(SavedView).where(SavedView.account_id == account_id)).all()
    return sorted(found, key=lambda view: (view.name or "").casefold())


def query_of(chosen: Mapping[str, str]) -> str:
    """Return the query of an address that shows what is chosen, always in the same order."""
    return urlencode([(name, chosen[name]) for name in KEPT if chosen.get(name)])


def save_view(session: Session, account_id: uuid.UUID, *, name: str, query: str) -> SavedView:
    """Keep what an address shows under a name; the same address saved again takes the new name. Raises Invalid."""
    words, kept = " ".join(name.split()), query_of(dict(parse_qsl(query[:400])))
    if not words or len(words) > LONGEST_NAME:
        raise Invalid(f"A view needs a name, of at most {LONGEST_NAME} characters.")
    if not kept:
        raise Invalid("Choose a list or a filter first: everything needs no view of its own.")
    saved = views_of(session, account_id)
    known = next((view for view in saved if view.query == kept), None)
    if known is not None:
        known.name = words
        return known
    if len(saved) >= MOST:
        raise Invalid(f"You have {MOST} views. Remove one that you no longer use.")
    view = SavedView(account_id=account_id, name=words, query=kept, created_at=now())
    session.add(view)
    return view


def remove_view(session: Session, account_id: uuid.UUID, view_id: uuid.UUID) -> None:
    """Forget one of an account's own views; any other changes nothing."""
    session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.account_id == account_id))
