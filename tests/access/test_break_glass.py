"""A restricted record opens for a written reason, for an hour, for one account, and a supervisor hears of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from leads.access.break_glass import break_glass, is_open_to, mark_seen, openings
from leads.access.models import Opening
from leads.access.restrict import lift, restrict
from leads.accounts.models import Account
from leads.audit.models import AuditEntry
from leads.clock import real_now
from leads.errors import Conflict, Forbidden, Invalid
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.todos.models import Todo
from tests.accounts.cast import make_account
from tests.cast import make_lead

WHY = "She phoned and nobody else is at the desk."


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator."""
    return make_account(session)


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    """Ana's lead; a supervisor restricted her record, for she works here."""
    made = make_lead(session)
    restrict(session, made.person_id, reason="She works at our front desk.", actor="account:x", roles={"supervisor"})
    return made


def sees(session: Session, lead: Lead, account: Account) -> bool:
    """Whether somebody may see the record now."""
    return is_open_to(session, lead, session.get_one(Person, lead.person_id), account.id)


def test_nobody_sees_a_restricted_record_without_a_reason(session: Session, lead: Lead, casey: Account) -> None:
    assert not sees(session, lead, casey)
    assert session.get_one(Person, lead.person_id).listed_name == "Restricted"


def test_with_a_reason_it_opens_to_that_account_only(session: Session, lead: Lead, casey: Account) -> None:
    robin = make_account(session, email="robin@example.com", name="Robin")
    break_glass(session, lead, casey.id, reason=WHY)
    assert (sees(session, lead, casey), sees(session, lead, robin)) == (True, False)


def test_after_an_hour_it_is_closed_again(session: Session, lead: Lead, casey: Account) -> None:
    opening = break_glass(session, lead, casey.id, reason=WHY)
    assert opening.until - opening.opened_at == timedelta(hours=1)
    session.execute(update(Opening).values(until=real_now() - timedelta(seconds=1)))
    assert not sees(session, lead, casey)


@pytest.mark.parametrize("reason", ["", "because", " " * 40, "x" * 501])
def test_a_reason_nobody_could_judge_by_opens_nothing(session: Session, lead: Lead, casey: Account, reason: str) -> None:
    with pytest.raises(Invalid):
        break_glass(session, lead, casey.id, reason=reason)
    assert not sees(session, lead, casey)


def test_the_reasons_are_sealed(session: Session, lead: Lead, casey: Account) -> None:
    break_glass(session, lead, casey.id, reason=WHY)
    rows = session.execute(text("SELECT o.reason, r.reason FROM openings o, restrictions r")).one()
    assert b"phoned" not in bytes(rows[0])
    assert b"front desk" not in bytes(rows[1])


def test_the_supervisors_are_told_by_number_only_and_once(session: Session, lead: Lead, casey: Account) -> None:
    break_glass(session, lead, casey.id, reason=WHY)
    break_glass(session, lead, casey.id, reason=WHY)
    todo = session.scalars(select(Todo).where(Todo.kind == "review-opening")).one()
    assert (todo.role, todo.note, todo.lead_id) == ("supervisor", None, lead.id)


def test_the_opening_is_on_record_without_its_words(session: Session, lead: Lead, casey: Account) -> None:
    break_glass(session, lead, casey.id, reason=WHY)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.opened")).one()
    assert (entry.actor, entry.subject_id) == (f"account:{casey.id}", lead.person_id)
    assert "phoned" not in str(entry.detail)


def test_a_supervisor_other_than_the_opener_looks_and_the_todo_ends(session: Session, lead: Lead, casey: Account) -> None:
    opening = break_glass(session, lead, casey.id, reason=WHY)
    with pytest.raises(Conflict, match="Somebody else"):
        mark_seen(session, opening.id, actor=f"account:{casey.id}")
    mark_seen(session, opening.id, actor="account:sam")
    assert session.scalars(select(Todo.done_at).where(Todo.kind == "review-opening")).one() is not None
    assert [row.Opening.seen_by for row in openings(session)] == ["account:sam"]


def test_whose_lead_it_is_and_who_closed_it_give_no_reason(session: Session, lead: Lead, casey: Account) -> None:
    lead.assigned_to = casey.id
    assert sees(session, lead, casey)
    other = make_lead(session)
    clara = make_account(session, "clinician", email="clara@example.com", name="Clara")
    restrict(session, other.person_id, reason="A neighbour of two of us.", actor=f"account:{clara.id}", roles=clara.roles)
    assert sees(session, other, clara)


def test_only_clinicians_and_supervisors_restrict_and_lift(session: Session, lead: Lead) -> None:
    for act in (lambda: lift(session, lead.person_id, actor="account:y", roles={"coordinator"}),):
        with pytest.raises(Forbidden):
            act()
    lift(session, lead.person_id, actor="account:y", roles={"clinician"})
    assert session.get_one(Person, lead.person_id).listed_name == "Ana Rivera"


def test_restricting_twice_and_opening_what_is_open_say_so(session: Session, lead: Lead, casey: Account) -> None:
    with pytest.raises(Conflict):
        restrict(session, lead.person_id, reason="Once more, to be sure.", actor="account:z", roles={"supervisor"})
    lift(session, lead.person_id, actor="account:y", roles={"supervisor"})
    with pytest.raises(Conflict):
        break_glass(session, lead, casey.id, reason=WHY)
