"""The record of who did and saw what: searched, saved as CSV, and its chain of seals checked."""

import re
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.access.looked import LOOKS, all_about
from leads.accounts.staff import all_accounts
from leads.audit.seal import Verdict, verify
from leads.audit.search import Asked, as_csv, search
from leads.audit.trail import record_about
from leads.clinic.profile import clinic
from leads.clock import local_to_utc
from leads.errors import NotFound
from leads.http.console.draw import draw
from leads.http.console.staff import Staff, does, needs
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.referrals.find import by_number as referral_numbered

A_PAGE, MOST = 50, 10_000
KNOWN = {
    "about": re.compile(r"[A-Za-z]-?\d{1,9}"),
    "who": re.compile(r"system|[0-9a-f-]{36}|[a-z]+:[0-9a-f-]{36}"),
    "act": re.compile(r"[a-z][a-z_.-]{0,59}"),
    "since": re.compile(r"\d{4}-\d\d-\d\d"),
    "until": re.compile(r"\d{4}-\d\d-\d\d"),
}
router = APIRouter()
Reader = Annotated[Staff, Depends(needs("record.read"))]
Verifier = Annotated[Staff, Depends(does("record.read"))]


class Wanted:
    """What the page asks the record for, as it stands in the address: numbers, account ids, acts and days only."""

    def __init__(self, about: str = "", who: str = "", act: str = "", since: str = "", until: str = "") -> None:
        # Nothing else than numbers and codes is kept of what was typed: this stands in addresses, and in the record itself.
        given = {"about": about, "who": who, "act": act, "since": since, "until": until}
        self.typed = {name: text.strip() if KNOWN[name].fullmatch(text.strip()) else "" for name, text in given.items()}
        self.is_unreadable = any(text.strip() and not self.typed[name] for name, text in given.items())

    def asked(self, session: Session) -> Asked | None:
        """Return what to search for; None where the number is nobody's, so that nothing is found rather than everything."""
        typed, subjects = self.typed, None
        if self.is_unreadable:
            return None
        if typed["about"]:
            try:
                subjects = all_about(session, _lead(session, typed["about"]))
            except NotFound:
                return None
        until = _day(typed["until"])
        actor = f"account:{typed['who']}" if _id(typed["who"]) else typed["who"] or None
        acts = (typed["act"],) if typed["act"] else ()
        return Asked(subjects, actor, acts, _day(typed["since"]), until + timedelta(days=1) if until else None)

    def link(self, path: str = "", **also: str) -> str:
        """Return the address of the same search, elsewhere or further on."""
        return f"{path}?{urlencode({name: value for name, value in (self.typed | also).items() if value})}"


Search = Annotated[Wanted, Depends()]


@router.get("/record")
def show(request: Request, session: Db, staff: Reader, wanted: Search, before: str = "") -> Response:
    """Show what answers, the newest first; that it was looked up is on record, too."""
    return _page(request, session, staff, wanted, before=_id(before))


@router.post("/record/verify")
def check(request: Request, session: Db, staff: Verifier, wanted: Search) -> Response:
    """Walk the chain of seals from its start and show what was found."""
    verdict = verify(session)
    record_about(session, "record.verified", "audit_seals", None, actor=staff.actor, holds=verdict.holds, sealed=verdict.sealed)
    return _page(request, session, staff, wanted, verdict=verdict)


@router.get("/record/export.csv")
def save(session: Db, staff: Reader, wanted: Search) -> Response:
    """Return what answers as CSV, the newest ten thousand."""
    asked = wanted.asked(session)
    entries = search(session, asked, limit=MOST) if asked else []
    names = who_is_who(session, {entry.actor for entry in entries})
    record_about(session, "record.exported", "audit_entries", None, actor=staff.actor, count=len(entries))
    named = {"Content-Disposition": 'attachment; filename="record.csv"', "X-Content-Type-Options": "nosniff"}
    # Without the mark, Excel reads UTF-8 as something else.
    return Response("\ufeff" + as_csv(entries, names), media_type="text/csv; charset=utf-8", headers=named)


@router.get("/leads/{number}/reads")
def who_looked(request: Request, session: Db, staff: Reader, number: str, before: str = "") -> Response:
    """Show who looked at the record behind a lead; it names the lead's number only, for not all who ask this see patients."""
    lead = by_number(session, number)
    asked = replace(Asked(), subjects=all_about(session, lead), actions=LOOKS)
    found = search(session, asked, before=_id(before), limit=A_PAGE + 1)
    shown = found[:A_PAGE]
    record_about(session, "reads.listed", "leads", lead.id, actor=staff.actor, lead=lead.number)
    context: dict[str, Any] = {"lead": lead, "entries": shown, "names": who_is_who(session, {each.actor for each in shown})}
    context |= {"more": f"?before={shown[-1].id}" if len(found) > A_PAGE else None}
    return draw(request, "reads.html", staff=staff, tab="record", waiting=waiting(session), **context)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    wanted: Wanted,
    *,
    before: uuid.UUID | None = None,
    verdict: Verdict | None = None,
) -> Response:
    asked = wanted.asked(session)
    found = search(session, asked, before=before, limit=A_PAGE + 1) if asked else []
    shown = found[:A_PAGE]
    looked_up: dict[str, Any] = {name: value for name, value in wanted.typed.items() if value}
    record_about(session, "record.searched", "audit_entries", None, actor=staff.actor, **looked_up)
    return draw(
        request,
        "record.html",
        staff=staff,
        tab="record",
        waiting=waiting(session),
        entries=shown,
        names=who_is_who(session, {each.actor for each in shown}),
        accounts=all_accounts(session),
        wanted=wanted,
        is_unknown=asked is None,
        more=wanted.link(before=str(shown[-1].id)) if len(found) > A_PAGE else None,
        verdict=verdict,
    )


def _lead(session: Session, number: str) -> Lead:
    with suppress(NotFound):
        return by_number(session, number)
    return session.get_one(Lead, referral_numbered(session, number).lead_id)


def _day(text: str) -> datetime | None:
    try:
        return local_to_utc(date.fromisoformat(text), datetime.min.time(), clinic().office(None).zone)
    except ValueError:
        return None


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
