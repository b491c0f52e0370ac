"""One lead: who, what they want, what comes next, what has been, and what may be done now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.staff import Colleague, names_of
from leads.appointments.models import Appointment
from leads.appointments.standing import one_of
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import is_not_safe
from leads.consent.may_email import Standings
from leads.consent.never import never_again
from leads.errors import LeadsError
from leads.http.console import words
from leads.http.console.draw import draw
from leads.http.console.entries import PLANNED
from leads.http.console.hanging import Hanging, hanging_on
from leads.http.console.lead_calendar import month_ahead
from leads.http.console.not_now import Stands, not_now, why_no_link, why_no_visit
from leads.http.console.referral_page import Shown, shown, why_no_mail
from leads.http.console.restriction import read_person
from leads.http.console.screening_sheet import sheet_of
from leads.http.console.staff import Reader, Staff
from leads.http.console.timeline import named_in, timeline
from leads.http.console.typed import Typed
from leads.http.console.unsettled import STOPPED, not_again
from leads.http.console.waiting import waiting
from leads.http.console.who import who_is_who
from leads.http.transaction import Db
from leads.inquiries.models import Inquiry
from leads.people.merge import merges_of
from leads.pipeline.assign import CLOSED, colleagues
from leads.pipeline.contact import RESULTS
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.spoken import why_no_agreeing
from leads.pipeline.stages import actions
from leads.pipeline.waitlist import waits
from leads.pipeline.waitlist import why_not as why_not_wait
from leads.pipeline.worklist import of_leads
from leads.scans.look import scans_of
from leads.sequences.by_hand import why_no_note
from leads.sequences.explain import ANYTHING, why_nothing
from leads.todos.models import Todo
from leads.todos.open import why_not_theirs

router = APIRouter()


@router.get("/leads/{number}")
def read(request: Request, session: Db, staff: Reader, number: str, before: str = "") -> Response:
    """Show a lead; the reading is put on record."""
    return show(request, session, staff, by_number(session, number), before=_moment(before))


def show(
    request: Request,
    session: Session,
    staff: Staff,
    lead: Lead,
    *,
    before: datetime | None = None,
    refusal: LeadsError | None = None,
    typed: Mapping[str, str] | None = None,
    read_at: datetime | None = None,
) -> Response:
    """Return a lead's page; after a refusal with the reason, what was typed, and what changed since `read_at`."""
    person = read_person(session, staff, lead)
    its, standings = hanging_on(session, lead, person, before=before), Standings(session, person.id, person.email_index)
    referrals, visit = [shown(session, each, lead) for each in its.referrals], one_of(its.visits)
    (entries, more), able = timeline(its), colleagues(session)
    next_ = _next(session, its, visit, standings)
    stands = _standing(session, its, standings)
    return draw(
        request,
        "lead.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="leads",
        waiting=waiting(session),
        lead=lead,
        person=person,
        zone=words.zone_of(lead.office),
        entries=entries,
        names=who_is_who(session, named_in(entries), known=able),
        more=more,
        is_older=before is not None,
        refusal=refusal,
        typed=Typed(typed),
        changed_since=read_at,
        read_at=now(),
        referrals=referrals,
        visit_news=set() if visit and visit.is_live else _visit_news(referrals),
        choices=clinic().referrals,
        visit=visit,
        screening=sheet_of(session, its, staff),
        colleagues=able,
        owner=_owner(session, lead, able),
        not_now=not_now(staff, Stands(lead, person, visit, next_["row"].confirmed, stands["not_safe"])),
        **next_,
        **stands,
        **_beside(session, its, standings),
        **_may(lead, staff, visit, its.todos),
    )


def _next(session: Session, its: Hanging, visit: Appointment | None, standings: Standings) -> dict[str, Any]:
    planned = [mail for mail in its.mails if mail.state in PLANNED]
    amiss = sorted((mail for mail in its.mails if mail.state in ("failed", "unknown")), key=lambda mail: mail.state_at, reverse=True)
    return {
        "row": of_leads(session, [its.lead.id])[0],
        "todos": its.todos,
        "planned": planned,
        "month": month_ahead(its.lead, planned, its.todos, visit),
        "waits": waits(its.todos),
        "no_wait": why_not_wait(its.lead),
        "failed": [mail for mail in amiss if mail.state == "failed"][:10],
        "not_again": not_again(session, [mail.id for mail in amiss]),
        "why_not_again": STOPPED,
        "doubted": [mail for mail in amiss if mail.state == "unknown"][:10],
        "why_nothing": why_nothing(session, its.mails, its.enrolments, standings),
        "asked": _newest_inquiry(session, its),
    }


def _beside(session: Session, its: Hanging, standings: Standings) -> dict[str, Any]:
    """Return what hangs on the lead apart from its story, and why a note, a mail or a link may not go to them."""
    return {
        "scans": scans_of(session, its.lead.id) if its.scans else (),
        "merges": merges_of(session, its.lead.person_id) if its.merges else (),
        "no_note": why_no_note(standings),
        "no_mail": why_no_mail(standings),
        "no_link": why_no_link(standings, has_stops=bool(its.suppressions)),
    }


def _newest_inquiry(session: Session, its: Hanging) -> Inquiry | None:
    if its.before is None:
        return next(iter(its.inquiries), None)
    return session.scalar(select(Inquiry).where(Inquiry.lead_id == its.lead.id).order_by(Inquiry.received_at.desc()).limit(1))


def _owner(session: Session, lead: Lead, able: Sequence[Colleague]) -> str | None:
    if lead.assigned_to is None:
        return None
    known = next((each.name for each in able if each.id == lead.assigned_to), None)
    return known or names_of(session, [lead.assigned_to]).get(lead.assigned_to)


def _standing(session: Session, its: Hanging, standings: Standings) -> dict[str, Any]:
    stands = standings.of(ANYTHING.topic)
    never = never_again(session, its.person.id) if its.suppressions else None
    return {
        "never": never,
        "no_agreeing": why_no_agreeing(never),
        "holds": [hold for hold in its.holds if hold.released_at is None],
        "paused": stands.paused_until,
        "not_safe": is_not_safe(session, its.person.id) if its.suppressions else False,
        "grants": set(stands.grants or ()),
    }


def _visit_news(shown: Sequence[Shown]) -> frozenset[str]:
    """Return what referrers can be told of a visit that was agreed without a calendar of ours."""
    return frozenset[str]().union(*(each.offers for each in shown)) & {"no_show", "reschedule"}


def _may(lead: Lead, staff: Staff, visit: Appointment | None, todos: Sequence[Todo]) -> dict[str, Any]:
    # A visit moves its lead by itself: a button beside it would leave the two telling different stories.
    by_the_visit = {"booked"} | ({"in_care", "qualified"} if visit and visit.is_live and lead.stage == "booked" else set())
    offered = [each for each in actions(lead, staff.roles) if each.to not in by_the_visit]
    return {
        "no_visit": why_no_visit(lead),
        "assign_closed": CLOSED,
        "not_theirs": {todo.id: why for todo in todos if (why := why_not_theirs(todo, staff.roles))},
        "simple_moves": [each for each in offered if each.allowed and not each.needs],
        "reasoned_moves": [each for each in offered if each.allowed and each.needs == ("reason",)],
        "may_close": any(each.allowed and each.to == "closed" for each in offered),
        "refused_moves": [each for each in offered if not each.allowed],
        "results": RESULTS,
        "outcomes": clinic().outcomes,
    }


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
