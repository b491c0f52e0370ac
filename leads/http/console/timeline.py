"""What happened to a lead, newest first: what was asked, said, sent, not sent, granted, stopped and done."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from leads.http.console.entries import SOURCES, Entry
from leads.http.console.hanging import Hanging, hanging_on
from leads.http.console.parts import A_PAGE
from leads.people.models import Person
from leads.pipeline.models import Lead


def timeline(its: Hanging) -> tuple[Sequence[Entry], datetime | None]:
    """Return the newest entries of what hangs on a lead, and the moment behind which more lie, if any do."""
    entries = [entry for source in SOURCES for entry in source(its)]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    # Who looked is shown beside what happened, and takes no room from it.
    told = [entry.at for entry in entries if entry.kind != "read"]
    if len(told) <= A_PAGE:
        return entries, None
    last = told[A_PAGE - 1]
    return [entry for entry in entries if entry.at >= last], last


def since_then(session: Session, lead: Lead, since: datetime | None) -> Sequence[Entry]:
    """Return what happened to a lead after a moment, but for who looked; nothing without one."""
    if since is None:
        return ()
    its = hanging_on(session, lead, session.get_one(Person, lead.person_id))
    return [entry for entry in timeline(its)[0] if entry.at > since and entry.kind != "read"]


def named_in(entries: Iterable[Entry]) -> set[str]:
    """Return all actors that entries name."""
    return {actor for entry in entries for actor in (entry.actor, entry.whom) if actor}
