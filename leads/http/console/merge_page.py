"""Two records side by side: which one goes on, which value to keep, what then holds; merged, dismissed, or taken apart again."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.consent.ledger import granted, open_holds, paused_until
from leads.consent.stricter import left_of
from leads.errors import Conflict, Invalid, LeadsError, StaleVersion
from leads.http.console.act import Asked, do, news_since
from leads.http.console.draw import draw
from leads.http.console.entries import Entry
from leads.http.console.merges import page as list_page
from leads.http.console.restriction import check_open
from leads.http.console.shell import said_of
from leads.http.console.staff import Reader, Staff, Worker
from leads.http.console.timeline import named_in, since_then
from leads.http.console.waiting import waiting as counts
from leads.http.console.who import who_is_who
from leads.http.console.words import zone_of
from leads.http.transaction import Db
from leads.people import suggest
from leads.people.merge import CHOSEN, differences
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.deeds import did_dismiss, did_merge
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.unite import hold, separate, unite

router = APIRouter()
Words = Annotated[str, Form()]
STALE = "Somebody wrote to one of these two after you opened this page. Nothing was {done}. Look again, then decide."


class Decided(Conflict):
    """Somebody has decided about a pair meanwhile; carries it, so that the page says who, what and when."""

    def __init__(self, pair: MergeSuggestion) -> None:
        super().__init__("Nothing of yours was done: somebody has decided about these two since you opened the page.")
        self.pair = pair


@dataclass(frozen=True)
class Side:
    """One of two records, with what hangs on it."""

    person: Person
    leads: Sequence[Lead]
    grants: set[str]
    is_held: bool
    rests: bool


class Choice(NamedTuple):
    """The form of a pair as it came: which of the two is kept, what of the other's, and the two as they were seen."""

    keep: str
    seen: str
    read_at: str
    from_other: tuple[str, ...]


def choice(keep: Words = "", seen: Words = "", read_at: Words = "", from_other: Annotated[tuple[str, ...], Form()] = ()) -> Choice:
    """Return the form as it came."""
    return Choice(keep, seen, read_at, from_other)


Sent = Annotated[Choice, Depends(choice)]


@router.get("/merges/{pair_id}")
def show(request: Request, session: Db, staff: Reader, pair_id: uuid.UUID, keep: str = "") -> Response:
    """Show the two of a pair side by side; that both were read is on record."""
    try:
        return _page(request, session, staff, _opened(session, staff, pair_id), keep)
    except Decided as refusal:
        return list_page(request, session, staff, refusal=refusal, decided=refusal.pair)


@router.post("/merges/{pair_id}/merge")
def merge(request: Request, session: Db, staff: Worker, pair_id: uuid.UUID, sent: Sent) -> Response:
    """Merge the two, as they were seen, and go to the lead that goes on."""
    try:
        pair = _opened(session, staff, pair_id)
    except Decided as refusal:
        return list_page(request, session, staff, refusal=refusal, decided=refusal.pair)
    try:
        with session.begin_nested():
            kept, other = _kept_first(session, pair, sent.keep)
            if sent.seen != seen_of(kept, other):
                raise StaleVersion(STALE.format(done="merged"))
            made = unite(session, kept.person.id, other.person.id, from_other=set(sent.from_other), actor=staff.actor)
    except (Invalid, Conflict, StaleVersion) as refusal:
        session.refresh(pair)
        since = news_since(sent.read_at, refusal)
        return _page(request, session, staff, pair, sent.keep, refusal=refusal, picked=sent.from_other, since=since)
    lead = session.scalar(
        select(Lead).where(Lead.person_id == made.kept_id).order_by(Lead.closed_at.is_not(None), Lead.serial.desc()).limit(1)
    )
    deed = did_merge(session, made, lead, account_id=staff.id)
    if lead is None:
        # Nobody's journey goes on: there is no page to look at, and the list has lost a pair.
        return RedirectResponse(f"/console/merges{said_of('merged-no-lead', deed)}", status_code=303)
    return RedirectResponse(f"/console/leads/{lead.number}{said_of('merged', deed, '#merged')}", status_code=303)


@router.post("/merges/{pair_id}/dismiss")
def dismiss(request: Request, session: Db, staff: Worker, pair_id: uuid.UUID, sent: Sent) -> Response:
    """Say that the two, as they were seen, are two people; they are not suggested again, unless the toast takes it back."""
    try:
        pair = _opened(session, staff, pair_id)
    except Decided as refusal:
        return list_page(request, session, staff, refusal=refusal, decided=refusal.pair)
    if sent.seen != seen_of(*(_side(session, each) for each in (pair.person_id, pair.other_id))):
        stale = StaleVersion(STALE.format(done="decided"))
        since = news_since(sent.read_at, stale)
        return _page(request, session, staff, pair, sent.keep, refusal=stale, picked=sent.from_other, since=since)
    deed = did_dismiss(session, suggest.dismiss(session, pair_id, actor=staff.actor), account_id=staff.id)
    return RedirectResponse(f"/console/merges{said_of('dismissed', deed)}", status_code=303)


@router.post("/leads/{number}/same-as")
def same_as(asked: Asked, same_number: Words = "") -> Response:
    """Put this lead's person beside another's, to be compared."""
    found: list[uuid.UUID] = []

    def verb(lead: Lead) -> None:
        other = by_number(asked.session, same_number)
        if other.person_id == lead.person_id:
            raise Conflict(f"{other.number} is of this very person.", code="not_allowed_now")
        found.append(suggest.by_hand(asked.session, lead.person_id, other.person_id, actor=asked.staff.actor).id)

    answer = do(asked, verb)
    return RedirectResponse(f"/console/merges/{found[0]}", status_code=303) if found and answer.status_code == 303 else answer


@router.post("/leads/{number}/unmerge")
def unmerge(asked: Asked, merge_id: Annotated[uuid.UUID, Form()]) -> Response:
    """Take apart what was merged."""
    return do(asked, lambda _: separate(asked.session, merge_id, actor=asked.staff.actor), done="?said=unmerged")


def _opened(session: Session, staff: Staff, pair_id: uuid.UUID) -> MergeSuggestion:
    """Return a pair, held; side by side both records are read whole, so a restricted one opens by its reason first."""
    pair = suggest.pair_of(session, pair_id)
    # The two before the pair: a merge holds them, and then every pair that names one of them.
    hold(session, pair.person_id, pair.other_id)
    try:
        suggest.waiting(session, pair_id)
    except Conflict:
        raise Decided(pair) from None
    for person_id in (pair.person_id, pair.other_id):
        for lead in _side(session, person_id).leads[:1]:
            check_open(session, staff, lead)
    return pair


def seen_of(*sides: Side) -> str:
    """Return what a page of two records was drawn from, as their leads' versions: a write to either changes it."""
    return " ".join(f"{lead.number}:{lead.version}" for side in sorted(sides, key=lambda each: each.person.id) for lead in side.leads)


def _kept_first(session: Session, pair: MergeSuggestion, keep: str) -> tuple[Side, Side]:
    one, two = _side(session, pair.person_id), _side(session, pair.other_id)
    if keep == str(two.person.id) or (keep != str(one.person.id) and len(two.grants) > len(one.grants)):
        return two, one
    return one, two


def _side(session: Session, person_id: uuid.UUID) -> Side:
    person = session.get_one(Person, person_id)
    theirs = session.scalars(select(Lead).where(Lead.person_id == person_id).order_by(Lead.serial.desc())).all()
    held, rests = bool(open_holds(session, person_id)), paused_until(session, person_id) is not None
    return Side(person, theirs, granted(session, person_id), held, rests)


def _told(session: Session, since: datetime | None, *leads: Lead) -> Sequence[Entry]:
    """Return what happened to any of these leads after a moment, the newest first; what belongs to a person stands there once."""
    found = dict.fromkeys(entry for lead in leads for entry in since_then(session, lead, since))
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _page(
    request: Request,
    session: Session,
    staff: Staff,
    pair: MergeSuggestion,
    keep: str,
    *,
    refusal: LeadsError | None = None,
    picked: Collection[str] = (),
    since: datetime | None = None,
) -> Response:
    kept, other = _kept_first(session, pair, keep)
    for each in (kept, other):
        record(session, "person.read", each.person, actor=staff.actor, pair=str(pair.id))
    ids = (kept.person.id, other.person.id)
    told = _told(session, since, *kept.leads, *other.leads)
    return draw(
        request,
        "merge.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="merges",
        waiting=counts(session),
        pair=pair,
        kept=kept,
        other=other,
        asked=differences(kept.person, other.person),
        fields=CHOSEN,
        left=left_of(session, *ids, same_mailbox=True),
        left_elsewhere=left_of(session, *ids, same_mailbox=False),
        seen=seen_of(kept, other),
        picked=picked,
        refusal=refusal,
        news=told,
        names=who_is_who(session, named_in(told)),
        zone=zone_of(None),
        read_at=now(),
    )
