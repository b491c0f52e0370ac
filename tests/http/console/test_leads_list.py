"""The list: each open lead once, under what it needs next."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import hold
from leads.pipeline.models import Lead
from leads.pipeline.waitlist import wait
from leads.pipeline.worklist import Filters, Place, count_by_need, first_of_each, of_leads, page_of
from leads.todos.open import open_todo
from tests.cast import make_confirmed_person, make_lead, make_person
from tests.http.console.conftest import Browser
from tests.http.weight import LARGEST, weight_of
from tests.statements import reads_counted

Advance = Callable[[timedelta], None]


def need_of(session: Session, lead: Lead) -> str:
    """Where the list puts a lead."""
    session.flush()
    return of_leads(session, [lead.id])[0].need


def reached(session: Session, **changes: object) -> Lead:
    """A lead somebody has spoken with."""
    return make_lead(session, **({"stage": "contacted", "reached_at": now()} | changes))


def test_a_fresh_lead_is_new(session: Session, tuesday: Advance) -> None:
    assert need_of(session, make_lead(session)) == "new"


def test_four_hours_before_the_promise_ends_it_is_time_to_call(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session)
    tuesday(lead.expected_by - now() - timedelta(hours=4))
    assert need_of(session, lead) == "call-now"


def test_a_broken_promise_is_late(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session)
    tuesday(timedelta(days=2))
    row = of_leads(session, [lead.id])[0]
    assert (row.need, row.late) == ("call-now", True)


def test_a_held_person_comes_before_everything(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session)
    hold(session, lead.person_id, reason="inquiry")
    tuesday(timedelta(days=2))
    assert need_of(session, lead) == "safety"


def test_a_closed_lead_with_something_urgent_stays_in_sight(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session, stage="closed", closed_at=now(), outcome="not-a-fit")
    assert count_by_need(session, Filters()) == {}
    open_todo(session, "safety", person_id=lead.person_id, lead_id=lead.id, due_at=now(), urgent=True)
    session.flush()
    assert count_by_need(session, Filters()) == {"safety": 1}


def test_who_was_reached_but_has_not_confirmed_is_to_confirm(session: Session, tuesday: Advance) -> None:
    assert need_of(session, reached(session, person=make_person(session))) == "to-confirm"


def test_who_gave_no_address_has_none_to_confirm(session: Session, tuesday: Advance) -> None:
    assert need_of(session, reached(session, person=make_person(session, email=None))) == "under-way"


def test_what_is_due_before_midnight_is_for_today(session: Session, tuesday: Advance) -> None:
    lead = reached(session)
    open_todo(session, "look", person_id=lead.person_id, lead_id=lead.id, due_at=now() + timedelta(hours=13))
    assert need_of(session, lead) == "today"
    tuesday(timedelta(days=-1))
    assert need_of(session, lead) == "under-way"


def test_every_open_lead_stands_under_exactly_one_need(session: Session, tuesday: Advance) -> None:
    for _ in range(3):
        make_lead(session, make_person(session))
        reached(session, person=make_confirmed_person(session))
    session.flush()
    groups = first_of_each(session, Filters(), limit=10)
    numbers = [row.number for rows in groups.values() for row in rows]
    assert len(numbers) == len(set(numbers)) == sum(count_by_need(session, Filters()).values()) == 6


def test_pages_follow_one_another_without_gap_or_double(session: Session, tuesday: Advance) -> None:
    made = {make_lead(session, opened_at=now()).number for _ in range(7)}
    first = page_of(session, "new", Filters(), after=None, limit=4)
    rest = page_of(session, "new", Filters(), after=Place.read(str(Place(first[-1].due, first[-1].id))), limit=4)
    assert (len(first), len(rest)) == (4, 3)
    assert {row.number for row in [*first, *rest]} == made


@pytest.mark.parametrize("text", ["", "x", "2026-10-06~x", "~"])
def test_a_link_that_names_no_place_begins_at_the_start(text: str) -> None:
    assert Place.read(text) is None


def test_filters_narrow_the_list_and_stand_in_the_address(coordinator: Browser, session: Session, lead: Lead) -> None:
    assert lead.number in coordinator.get("/console?office=woodbury&stage=new").text
    assert lead.number not in coordinator.get("/console?office=new-haven").text
    assert lead.number not in coordinator.get("/console?mine=1").text
    assert lead.number in coordinator.get("/console?need=new").text
    assert "Nothing needs doing among the leads you chose" in coordinator.get("/console?stage=booked").text


def test_a_lead_that_was_taken_is_among_ones_own(coordinator: Browser, lead: Lead) -> None:
    coordinator.form(f"/console/leads/{lead.number}/take")
    assert lead.number in coordinator.get("/console?mine=1").text
    coordinator.form(f"/console/leads/{lead.number}/give-back")
    assert lead.number not in coordinator.get("/console?mine=1").text


def test_whom_the_list_showed_is_on_record(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.get("/console")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "leads.listed")).one()
    assert entry.detail["leads"] == [lead.number]
    assert entry.actor.startswith("account:")


def test_an_empty_list_teaches_where_leads_come_from(coordinator: Browser) -> None:
    page = coordinator.get("/console").text
    assert "No lead is open yet" in page
    assert 'href="/inquire"' in page


def test_closed_leads_are_found_under_closed(coordinator: Browser, session: Session, tuesday: Advance) -> None:
    lead = make_lead(session, stage="closed", closed_at=now(), outcome="not-a-fit", reached_at=now())
    session.commit()
    assert lead.number not in coordinator.get("/console").text
    assert "Not a fit" in coordinator.get("/console?need=closed").text


def test_the_waitlist_is_a_list_of_its_own(coordinator: Browser, session: Session, tuesday: Advance) -> None:
    first, second = reached(session), reached(session, person=make_person(session))
    for each in (first, second):
        wait(session, each.id, now().date() + timedelta(days=9), actor="system")
        tuesday(timedelta(minutes=5))
    session.commit()
    page = coordinator.get("/console?need=waitlist").text
    assert page.index(first.number) < page.index(second.number)
    assert '<span class="count" data-tab="waitlist">2</span>' in coordinator.get("/console").text
    elsewhere = coordinator.get("/console?need=waitlist&office=new-haven").text
    assert first.number not in elsewhere
    assert '<span class="count" data-tab="waitlist">0</span>' in elsewhere


def test_mine_says_how_many_and_keeps_what_else_was_chosen(coordinator: Browser, lead: Lead) -> None:
    coordinator.form(f"/console/leads/{lead.number}/take")
    page = coordinator.get("/console?office=woodbury").text
    assert 'href="/console?office=woodbury&amp;owner=me">Mine <span class="count" data-tab="mine">1</span>' in page
    elsewhere = coordinator.get("/console?office=new-haven").text
    assert 'href="/console?office=new-haven&amp;owner=me">Mine <span class="count" data-tab="mine">0</span>' in elsewhere
    own = coordinator.get("/console?office=woodbury&owner=me").text
    assert 'href="/console?office=woodbury" aria-current="true">Mine' in own


def test_a_hundred_leads_take_no_more_queries_than_one_and_fit_a_page(coordinator: Browser, session: Session, tuesday: Advance) -> None:
    make_lead(session)
    session.commit()
    with reads_counted() as one:
        coordinator.get("/console")
    for _ in range(100):
        make_lead(session, stage="contacted", reached_at=now(), person=make_person(session))
    session.commit()
    with reads_counted() as hundred:
        coordinator.get("/console")
    assert len(hundred) == len(one) < 12
    assert weight_of(coordinator, "/console?need=to-confirm") < LARGEST


@pytest.mark.parametrize("asked", ["ana@example.com", "203-555-0123", "(203) 555 0123"])
def test_a_caller_is_found_by_what_they_say(coordinator: Browser, lead: Lead, asked: str) -> None:
    answer = coordinator.form("/console/find", page="/console", q=asked)
    assert answer.headers["location"] == f"/console/leads/{lead.number}"


def test_two_who_share_a_phone_are_both_shown(coordinator: Browser, session: Session, lead: Lead) -> None:
    other = make_lead(session, make_person(session, given_name="Luis", email="luis@example.com"))
    session.commit()
    page = coordinator.form("/console/find", page="/console", q="203-555-0123").text
    assert other.number in page
    assert lead.number in page


def test_nobody_found_says_what_can_be_searched(coordinator: Browser) -> None:
    assert "parts of them are not searched" in coordinator.form("/console/find", page="/console", q="Riv").text


def test_closed_leads_are_chosen_among_by_office(coordinator: Browser, session: Session, tuesday: Advance) -> None:
    closed = {"stage": "closed", "closed_at": now(), "outcome": "not-a-fit", "reached_at": now()}
    here, there = make_lead(session, office="woodbury", **closed), make_lead(session, office="new-haven", **closed)
    session.commit()
    page = coordinator.get("/console?need=closed").text
    assert '<input type="hidden" name="need" value="closed">' in page
    chosen = coordinator.get("/console?need=closed&office=woodbury&stage=&owner=&source=").text
    assert here.number in chosen
    assert there.number not in chosen
    assert 'href="/console?need=closed">Show all' in chosen


def test_whoever_asks_for_a_stage_leaves_the_closed(coordinator: Browser, session: Session, tuesday: Advance) -> None:
    lead = make_lead(session)
    make_lead(session, stage="closed", closed_at=now(), outcome="not-a-fit")
    session.commit()
    assert lead.number in coordinator.get("/console?need=closed&stage=new").text
    assert 'name="need"' not in coordinator.get("/console?stage=closed").text.partition("</form>")[0].partition('class="filters"')[2]
