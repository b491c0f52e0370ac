"""Nobody called when we said we would: the supervisors hear of it, once, and of the number only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.messages.models import Message
from leads.messages.render import render
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from leads.pipeline.overdue import broken, tell_supervisors
from leads.pipeline.worklist import Filters, first_of_each
from tests.accounts.cast import make_account
from tests.cast import ACTOR, make_lead

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def supervisor(session: Session, tuesday: object) -> Account:
    return make_account(session, "supervisor", "coordinator", email="lead@example.com")


@pytest.fixture
def late(session: Session, supervisor: Account, tuesday: Callable[[timedelta], None]) -> Lead:
    """A lead whom nobody called until a minute after the promise."""
    lead = make_lead(session)
    tuesday(lead.expected_by - now() + A_MINUTE)
    return lead


def mails(session: Session) -> list[Message]:
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == "promise-breaking")))


def test_before_its_time_a_promise_is_nobodys_business(session: Session, supervisor: Account) -> None:
    lead = make_lead(session)
    assert lead.id not in broken(session)
    assert tell_supervisors(session, lead.id) == 0


def test_every_supervisor_is_told(session: Session, late: Lead, supervisor: Account) -> None:
    other = make_account(session, "supervisor", email="second@example.com")
    assert late.id in broken(session)
    assert tell_supervisors(session, late.id) == 2
    assert {mail.account_id for mail in mails(session)} == {supervisor.id, other.id}


def test_they_are_told_once_however_often_the_clock_ticks(session: Session, late: Lead) -> None:
    tell_supervisors(session, late.id)
    assert tell_supervisors(session, late.id) == 0
    assert late.id not in broken(session)
    assert len(mails(session)) == 1


def test_a_coordinator_and_a_supervisor_who_has_left_are_not_told(session: Session, late: Lead, supervisor: Account) -> None:
    make_account(session, "coordinator", email="desk@example.com")
    supervisor.disabled_at = now()
    assert tell_supervisors(session, late.id) == 0
    assert late.promise_told_at is not None


def test_who_was_reached_in_time_is_no_broken_promise(session: Session, supervisor: Account, tuesday: Callable[[timedelta], None]) -> None:
    lead = make_lead(session)
    log_call(session, lead.id, result="reached", note=None, actor=ACTOR)
    tuesday(timedelta(days=3))
    assert lead.id not in broken(session)
    assert tell_supervisors(session, lead.id) == 0


def test_a_call_that_found_nobody_keeps_no_promise(session: Session, supervisor: Account, tuesday: Callable[[timedelta], None]) -> None:
    lead = make_lead(session)
    log_call(session, lead.id, result="no-answer", note=None, actor=ACTOR)
    tuesday(lead.expected_by - now() + A_MINUTE)
    assert tell_supervisors(session, lead.id) == 1


def test_one_broken_long_ago_is_marked_and_mailed_to_nobody(session: Session, late: Lead, tuesday: Callable[[timedelta], None]) -> None:
    tuesday(timedelta(days=7))
    assert tell_supervisors(session, late.id) == 0
    assert late.promise_told_at is not None
    assert not mails(session)


def test_the_mail_names_the_number_and_the_office_and_nobody(session: Session, late: Lead) -> None:
    tell_supervisors(session, late.id)
    (mail,) = mails(session)
    assert (mail.lane, mail.level, mail.about_id) == ("transactional", 0, late.person_id)
    said = render("promise-breaking", "en", {**(mail.facts or {}), "given_name": None}).text
    assert late.number in said
    assert "Woodbury" in said


def test_the_oldest_promise_is_told_first(session: Session, late: Lead, tuesday: Callable[[timedelta], None]) -> None:
    second = make_lead(session)
    tuesday(timedelta(days=2))
    assert [each for each in broken(session) if each in (late.id, second.id)] == [late.id, second.id]


def test_it_stands_on_top_of_what_is_to_be_called(session: Session, supervisor: Account, tuesday: Callable[[timedelta], None]) -> None:
    late = make_lead(session)
    tuesday(late.expected_by - now() + A_MINUTE)
    soon = make_lead(session)
    soon.expected_by = now() + timedelta(hours=1)
    session.flush()
    first, second = first_of_each(session, Filters(), limit=5)["call-now"]
    assert (first.id, first.late) == (late.id, True)
    assert (second.id, second.late) == (soon.id, False)
