"""The lists agree with what is known of each lead, whatever happens to it, at whatever hour, and whoever writes at once."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import confirm, hold
from leads.consent.models import Hold
from leads.db import transaction
from leads.loop.models import Referral
from leads.pipeline.listed import Row
from leads.pipeline.lists import NEEDS
from leads.pipeline.models import Lead, Standing
from leads.pipeline.worklist import COUNTED, Filters, Place, count_by_need, first_of_each, of_leads, page_of
from leads.screening.models import Screening
from leads.todos.models import Todo
from leads.todos.open import finish, open_todo
from tests.accounts.cast import make_account
from tests.cast import make_lead, make_person
from tests.loop.cast import make_referral, make_strange_referral
from tests.pipeline.plainly import needed

Advance = Callable[[timedelta], None]
KINDS = ("call", "look", "review-screening", "phone-instead", "settle-unknown", "tell-referrer", "unheard", "unheard-referrer", "safety")
STAGES = ("new", "contacted", "screening", "qualified", "booked", "in_care", "closed")


def any_moment(dice: random.Random) -> timedelta:
    """Some time within two days, often on the hour."""
    return timedelta(hours=dice.randint(-48, 48), minutes=dice.choice((0, 0, 17)))


def happens(session: Session, lead: Lead, dice: random.Random) -> None:
    """One thing that may happen to a lead."""
    match dice.randrange(9):
        case 0 | 1:
            kind = dice.choice(KINDS)
            urgent, due = kind == "safety", now() + any_moment(dice)
            open_todo(session, kind, person_id=lead.person_id, lead_id=lead.id, due_at=due, urgent=urgent)
        case 2:
            open_ones = session.scalars(select(Todo).where(Todo.lead_id == lead.id, Todo.done_at.is_(None))).all()
            if open_ones:
                finish(session, dice.choice(open_ones).id, actor="system", outcome="done")
        case 3:
            lead.stage = dice.choice(STAGES)
            lead.closed_at = now() if lead.stage == "closed" else None
            lead.reached_at = lead.reached_at or (now() if lead.stage != "new" else None)
        case 4:
            hold(session, lead.person_id, reason="inquiry", actor="system")
        case 5:
            for each in session.scalars(select(Hold).where(Hold.person_id == lead.person_id)):
                each.released_at = now()
        case 6:
            confirm(session, lead.person_id, b"x", method="button", actor="system")
        case 7:
            asked = session.scalars(select(Referral).where(Referral.lead_id == lead.id)).first() or make_strange_referral(
                session, lead=lead
            )
            asked.state = dice.choice(("received", "needs_information"))
            asked.their_promise = now() + any_moment(dice) if asked.state == "needs_information" else None
        case 8:
            begun = {
                "questionnaire": "screening",
                "definition": "x",
                "language": "en",
                "channel": "link",
                "begun_by": "system",
                "version": 1,
            }
            if session.scalars(select(Screening).where(Screening.lead_id == lead.id)).first() is None:
                until = now() + timedelta(days=14)
                session.add(Screening(person_id=lead.person_id, lead_id=lead.id, begun_at=now(), expires_at=until, **begun))


ALL = Filters()


def listed(session: Session, filters: Filters = ALL) -> dict[uuid.UUID, Row]:
    """Every lead of every list, read in pages of three, and in no list twice."""
    rows: list[Row] = []
    for need in NEEDS:
        after: Place | None = None
        while page := page_of(session, need, filters, after=after, limit=3):
            rows += page
            after = Place(page[-1].due, page[-1].id)
    assert len({row.id for row in rows}) == len(rows)
    return {row.id: row for row in rows}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_each_list_says_what_is_known(session: Session, tuesday: Advance, seed: int) -> None:
    dice = random.Random(seed)
    person = make_person(session)
    made = [make_lead(session, person if dice.random() < 0.2 else make_person(session)) for _ in range(15)]
    for hours in (0, 3, 9, 20):
        tuesday(timedelta(hours=hours))
        for _ in range(25):
            happens(session, dice.choice(made), dice)
        session.flush()
        known = {lead.id: found for lead in made if (found := needed(session, lead))}
        rows = listed(session)
        assert {lead_id: (row.need, row.due) for lead_id, row in rows.items()} == known
        counts = count_by_need(session, Filters())
        assert sum(counts.values()) == len(known)
        first = first_of_each(session, Filters(), limit=2)
        assert {need: len(found) for need, found in first.items() if found} == {need: min(2, count) for need, count in counts.items()}
        shown = of_leads(session, [lead.id for lead in made if lead.closed_at is None])
        assert all((row.need, row.due) == known[row.id] for row in shown)


def test_filters_choose_office_source_owner_and_nobodys(session: Session, tuesday: Advance) -> None:
    casey = make_account(session)
    mine = make_lead(session, assigned_to=casey.id)
    faxed = make_lead(session, source="fax", office="new-haven")
    session.flush()
    assert set(listed(session, Filters(assigned_to=casey.id))) == {mine.id}
    assert set(listed(session, Filters(source="fax"))) == set(listed(session, Filters(office="new-haven"))) == {faxed.id}
    assert set(listed(session, Filters(nobodys=True))) == {faxed.id}


def test_a_stranger_who_is_verified_leaves_the_list(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session)
    referral = make_strange_referral(session, lead=lead)
    session.flush()
    assert listed(session)[lead.id].need == "to-verify"
    referral.claim_id = make_referral(session, lead=lead).claim_id
    session.flush()
    assert listed(session)[lead.id].need == "new"


def test_more_than_anybody_reads_are_not_counted(session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.pipeline.worklist.COUNTED", 2)
    for _ in range(4):
        make_lead(session)
    session.flush()
    assert COUNTED == 999
    assert count_by_need(session, Filters()) == {"new": 3}


@pytest.mark.committed
def test_two_who_write_at_once_both_count(database: None) -> None:
    with transaction() as session:
        lead = make_lead(session, stage="contacted", reached_at=now())
    both = threading.Barrier(2)

    def ask(kind: str) -> None:
        with transaction() as session:
            open_todo(session, kind, person_id=lead.person_id, lead_id=lead.id, due_at=now() + timedelta(days=9))
            session.flush()
            both.wait(5)

    threads = [threading.Thread(target=ask, args=(kind,)) for kind in ("phone-instead", "call")]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    with transaction() as session:
        standing = session.get_one(Standing, lead.id)
        assert standing.need == "phone-instead"
        assert standing.call_at is not None


@pytest.mark.committed
def test_a_closed_lead_leaves_the_lists_when_it_commits(database: None) -> None:
    with transaction() as session:
        lead = make_lead(session)
    with transaction() as session:
        changed = session.get_one(Lead, lead.id)
        changed.stage, changed.closed_at = "closed", now()
    with transaction() as session:
        assert session.get(Standing, lead.id) is None
