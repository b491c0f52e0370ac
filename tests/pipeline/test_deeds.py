"""Many leads given at once, each on the version that was read; and taken back where nobody has changed them since."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.errors import Conflict, Invalid, NotFound
from leads.pipeline.assign import CLOSED, assign
from leads.pipeline.deeds import assign_many, outcome_of
from leads.pipeline.models import Lead
from leads.undo import undo
from tests.accounts.cast import make_account
from tests.cast import make_lead

Advance = Callable[[timedelta], None]


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator."""
    return make_account(session)


def versions(*leads: Lead) -> set[tuple[uuid.UUID, int]]:
    """The leads as a page has shown them."""
    return {(lead.id, lead.version) for lead in leads}


def test_many_leads_become_ones_own_at_once(session: Session, tuesday: Advance, casey: Account) -> None:
    leads = [make_lead(session) for _ in range(3)]
    deed = assign_many(session, versions(*leads), casey.id, account_id=casey.id)
    assert {lead.assigned_to for lead in leads} == {casey.id}
    assert sorted(outcome_of(deed).changed) == sorted(lead.number for lead in leads)


def test_what_somebody_changed_meanwhile_is_left_alone_and_named(session: Session, tuesday: Advance, casey: Account) -> None:
    stale, fresh = make_lead(session), make_lead(session)
    read = versions(stale, fresh)
    stale.version += 1
    session.flush()
    done = outcome_of(assign_many(session, read, casey.id, account_id=casey.id))
    assert done.changed == [fresh.number]
    assert [number for number, why in done.refused if "in the meantime" in why] == [stale.number]
    assert stale.assigned_to is None


def test_closed_leads_and_those_that_are_theirs_already_say_so(session: Session, tuesday: Advance, casey: Account) -> None:
    closed, theirs = make_lead(session, stage="closed", closed_at=now()), make_lead(session, assigned_to=casey.id)
    done = outcome_of(assign_many(session, versions(closed, theirs), casey.id, account_id=casey.id))
    assert dict(done.refused) == {closed.number: CLOSED, theirs.number: "It is theirs already."}


def test_nothing_goes_to_somebody_who_does_not_work_with_leads(session: Session, tuesday: Advance, casey: Account) -> None:
    auditor = make_account(session, "auditor", email="audit@example.com")
    with pytest.raises(Invalid, match="works with leads"):
        assign_many(session, versions(make_lead(session)), auditor.id, account_id=casey.id)
    with pytest.raises(Invalid, match="at least one"):
        assign_many(session, set(), casey.id, account_id=casey.id)


def test_taken_back_each_lead_is_whose_it_was(session: Session, tuesday: Advance, casey: Account) -> None:
    other = make_account(session, email="other@example.com", name="Robin Oak")
    theirs, nobodys = make_lead(session, assigned_to=other.id), make_lead(session)
    deed = assign_many(session, versions(theirs, nobodys), casey.id, account_id=casey.id)
    undo(session, deed.id, account_id=casey.id, roles=casey.roles)
    assert (theirs.assigned_to, nobodys.assigned_to) == (other.id, None)


def test_what_was_changed_since_is_not_taken_back(session: Session, tuesday: Advance, casey: Account) -> None:
    lead = make_lead(session)
    deed = assign_many(session, versions(lead), casey.id, account_id=casey.id)
    assign(session, lead.id, None, actor="system")
    assert undo(session, deed.id, account_id=casey.id, roles=casey.roles).refused == [(lead.number, "Somebody has changed it since.")]


def test_a_deed_is_taken_back_once_soon_and_by_who_did_it(session: Session, tuesday: Advance, casey: Account) -> None:
    deed = assign_many(session, versions(make_lead(session)), casey.id, account_id=casey.id)
    with pytest.raises(NotFound):
        undo(session, deed.id, account_id=make_account(session, email="o@example.com").id, roles=casey.roles)
    undo(session, deed.id, account_id=casey.id, roles=casey.roles)
    with pytest.raises(Conflict, match="already"):
        undo(session, deed.id, account_id=casey.id, roles=casey.roles)
    late = assign_many(session, versions(make_lead(session)), casey.id, account_id=casey.id)
    tuesday(timedelta(minutes=16))
    with pytest.raises(Conflict, match="too long ago"):
        undo(session, late.id, account_id=casey.id, roles=casey.roles)
