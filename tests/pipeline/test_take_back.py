"""A move is taken back while nothing has come of it but the stage itself; where something has, it says what, and stands."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.appointments.book import book
from leads.appointments.follow import move_lead
from leads.audit.models import AuditEntry
from leads.audit.trail import record
from leads.clock import now
from leads.db import transaction
from leads.errors import Conflict
from leads.pipeline.models import Deed, Lead, StageChange
from leads.pipeline.notes import write
from leads.pipeline.take_back import Why, act_and_keep
from leads.todos.open import open_todo
from leads.undo import undo
from tests.accounts.cast import make_account
from tests.appointments.visits import slot
from tests.cast import make_lead
from tests.loop.cast import bring_to, make_referral, told

Advance = Callable[[timedelta], None]


@pytest.fixture
def casey(session: Session, tuesday: Advance) -> Account:
    """Somebody who may move leads anywhere."""
    return make_account(session, "coordinator", "clinician")


def move(session: Session, lead: Lead, to: str, casey: Account, **words: str) -> Deed | Why:
    """Move a lead as the board does."""

    def act() -> None:
        move_lead(session, lead.id, to, version=lead.version, actor=f"account:{casey.id}", roles=casey.roles, **words)

    return act_and_keep(session, lead, "moved", act, account_id=casey.id)


def taken_back(session: Session, deed: Deed | Why, casey: Account) -> None:
    """Press Undo."""
    assert isinstance(deed, Deed), deed
    undo(session, deed.id, account_id=casey.id, roles=casey.roles)
    session.flush()


def test_it_stands_where_it_stood_and_its_history_keeps_both(session: Session, casey: Account) -> None:
    lead = make_lead(session)
    taken_back(session, move(session, lead, "contacted", casey), casey)
    assert (lead.stage, lead.version, lead.reached_at) == ("new", 3, None)
    first, second = session.scalars(select(StageChange).order_by(StageChange.id)).all()
    assert [(each.from_stage, each.to_stage) for each in (first, second)] == [("new", "contacted"), ("contacted", "new")]
    assert second.takes_back == first.id


def test_what_else_they_do_meanwhile_is_no_part_of_it(session: Session, casey: Account) -> None:
    lead = make_lead(session)
    session.commit()

    def act() -> None:
        # The mail in the frame of the page they clicked on is still being read.
        with transaction() as other:
            record(other, "message.read", lead, actor=f"account:{casey.id}")
        move_lead(session, lead.id, "contacted", version=lead.version, actor=f"account:{casey.id}", roles=casey.roles)

    taken_back(session, act_and_keep(session, lead, "moved", act, account_id=casey.id), casey)
    assert lead.stage == "new"


def test_the_undo_is_on_record_as_one(session: Session, casey: Account) -> None:
    lead = make_lead(session)
    taken_back(session, move(session, lead, "contacted", casey), casey)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "lead.moved_back")).one()
    assert (entry.actor, entry.detail) == (f"account:{casey.id}", {"before": "contacted", "to": "new"})


def test_the_call_that_is_owed_is_owed_again(session: Session, casey: Account) -> None:
    lead = make_lead(session)
    call = open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=lead.expected_by)
    deed = move(session, lead, "contacted", casey)
    assert call.done_at is not None
    taken_back(session, deed, casey)
    assert call.done_at is None


def test_who_was_spoken_with_before_still_was(session: Session, casey: Account) -> None:
    spoken = now() - timedelta(hours=2)
    lead = make_lead(session, stage="screening", reached_at=spoken)
    taken_back(session, move(session, lead, "contacted", casey, reason="Too early."), casey)
    assert (lead.stage, lead.reached_at) == ("screening", spoken)


def test_a_referral_that_went_along_was_told_and_stays_told(session: Session, casey: Account) -> None:
    referral = make_referral(session)
    lead = session.get_one(Lead, referral.lead_id)
    before = len(told(session, referral))
    assert move(session, lead, "contacted", casey) == "told"
    assert len(told(session, referral)) > before


def test_a_referral_that_stays_where_it_was_stops_nothing(session: Session, casey: Account, tuesday: Advance) -> None:
    referral = make_referral(session, lead=make_lead(session, stage="screening", reached_at=now()))
    bring_to(session, referral, "accepted")
    tuesday(timedelta(minutes=5))
    taken_back(session, move(session, session.get_one(Lead, referral.lead_id), "contacted", casey, reason="Too early."), casey)


def test_mails_that_begin_with_a_stage_are_not_called_back(session: Session, casey: Account) -> None:
    assert move(session, make_lead(session), "screening", casey) == "mails"


def test_a_closing_stays_in_the_history_and_is_reopened_by_its_own_move(session: Session, casey: Account) -> None:
    lead = make_lead(session)
    assert move(session, lead, "closed", casey, outcome="not-a-fit") == "closed"
    assert move(session, lead, "contacted", casey, reason="She called again.") == "closed"


def test_a_visit_that_was_called_off_is_not_made_up_for(session: Session, casey: Account) -> None:
    lead = make_lead(session, stage="qualified", reached_at=now(), office="new-haven")
    book(session, lead.id, slot(), actor=f"account:{casey.id}")
    assert move(session, lead, "qualified", casey, reason="She is ill.") == "visit"


def test_what_a_colleague_did_since_is_not_undone_with_it(session: Session, casey: Account) -> None:
    lead = make_lead(session)
    deed = move(session, lead, "contacted", casey)
    assert isinstance(deed, Deed)
    write(session, lead.id, "She prefers mornings.", actor="account:x")
    lead.version += 1
    session.flush()
    with pytest.raises(Conflict, match="gone on since"):
        undo(session, deed.id, account_id=casey.id, roles=casey.roles)
    assert lead.stage == "contacted"


def test_a_referral_that_came_since_keeps_it_where_it_is(session: Session, casey: Account, tuesday: Advance) -> None:
    lead = make_lead(session)
    deed = move(session, lead, "contacted", casey)
    tuesday(timedelta(minutes=1))
    make_referral(session, lead=lead)
    assert isinstance(deed, Deed)
    with pytest.raises(Conflict, match="gone on since"):
        undo(session, deed.id, account_id=casey.id, roles=casey.roles)


def test_it_is_taken_back_once(session: Session, casey: Account) -> None:
    deed = move(session, make_lead(session), "contacted", casey)
    taken_back(session, deed, casey)
    assert isinstance(deed, Deed)
    with pytest.raises(Conflict, match="already"):
        undo(session, deed.id, account_id=casey.id, roles=casey.roles)
