"""One lead: who, what they want, what comes next, what has been, and what may be done now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.staff import names_of
from leads.appointments.models import Appointment
from leads.appointments.standing import visit_of
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.ledger import granted, is_not_safe, open_holds, paused_until
from leads.consent.never import never_again
from leads.errors import LeadsError
from leads.http.console import words
from leads.http.console.draw import draw
from leads.http.console.lead_calendar import month_ahead
from leads.http.console.referral_page import Shown, referrals_of, why_no_mail
from leads.http.console.restriction import read_person
from leads.http.console.screening_sheet import sheet_of
from leads.http.console.staff import Reader, Staff
from leads.http.console.timeline import PLANNED, timeline, who_is_who
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.inquiries.models import Inquiry
from leads.messages.models import Message
from leads.people.merge import merges_of
from leads.people.models import Person
from leads.pipeline.assign import colleagues
from leads.pipeline.contact import RESULTS
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.pipeline.stages import actions
from leads.pipeline.waitlist import waits
from leads.pipeline.waitlist import why_not as why_not_wait
from leads.pipeline.worklist import of_leads
from leads.scans.look import scans_of
from leads.sequences.by_hand import why_no_note
from leads.sequences.explain import explain
from leads.todos.models import Todo

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
    shown, visit = referrals_of(session, lead), visit_of(session, lead.id)
    entries, more = timeline(session, lead, before=before)
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
        names=who_is_who(session, {entry.actor for entry in entries}),
        more=more,
        is_older=before is not None,
        refusal=refusal,
        typed=typed or {},
        changed_since=read_at,
        read_at=now(),
        referrals=shown,
        scans=scans_of(session, lead.id),
        merges=merges_of(session, person.id),
        never=never_again(session, person.id),
        no_note=why_no_note(session, person),
        visit_news=set() if visit and visit.is_live else _visit_news(shown),
        choices=clinic().referrals,
        no_mail=why_no_mail(session, person),
        visit=visit,
        screening=sheet_of(session, lead, staff),
        **_next(session, lead, visit),
        **_standing(session, person),
        **_may(lead, staff, visit),
    )


def _next(session: Session, lead: Lead, visit: Appointment | None) -> dict[str, Any]:
    todos = select(Todo).where(Todo.lead_id == lead.id, Todo.done_at.is_(None)).order_by(Todo.urgent.desc(), Todo.due_at)
    coming = select(Message).where(Message.lead_id == lead.id, Message.state.in_(PLANNED)).order_by(Message.due_at, Message.id)
    failed = select(Message).where(Message.lead_id == lead.id, Message.state == "failed").order_by(Message.state_at.desc()).limit(10)
    asked = select(Inquiry).where(Inquiry.lead_id == lead.id).order_by(Inquiry.received_at.desc()).limit(1)
    open_todos, planned = session.scalars(todos).all(), session.scalars(coming).all()
    return {
        "row": of_leads(session, [lead])[0],
        "todos": open_todos,
        "planned": planned,
        "month": month_ahead(lead, planned, open_todos, visit),
        "waits": waits(session, lead.id),
        "no_wait": why_not_wait(lead),
        "colleagues": colleagues(session),
        "failed": session.scalars(failed).all(),
        "explanation": explain(session, lead.id),
        "asked": session.scalar(asked),
        "owner": names_of(session, [lead.assigned_to]).get(lead.assigned_to) if lead.assigned_to else None,
    }


def _standing(session: Session, person: Person) -> dict[str, Any]:
    return {
        "holds": open_holds(session, person.id),
        "paused": paused_until(session, person.id),
        "not_safe": is_not_safe(session, person.id),
        "grants": granted(session, person.id),
    }


def _visit_news(shown: Sequence[Shown]) -> frozenset[str]:
    """Return what referrers can be told of a visit that was agreed without a calendar of ours."""
    return frozenset[str]().union(*(each.offers for each in shown)) & {"no_show", "reschedule"}


def _may(lead: Lead, staff: Staff, visit: Appointment | None) -> dict[str, Any]:
    # A visit moves its lead by itself: a button beside it would leave the two telling different stories.
    by_the_visit = {"booked"} | ({"in_care", "qualified"} if visit and visit.is_live and lead.stage == "booked" else set())
    offered = [each for each in actions(lead, staff.roles) if each.to not in by_the_visit]
    return {
        "may_book": lead.stage in ("qualified", "booked"),
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
