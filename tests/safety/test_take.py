"""Whoever presses the button has it; that stops the pages, and neither the hold nor its to-do."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.consent.ledger import open_holds
from leads.db import new_id
from leads.errors import Conflict, Invalid, NotFound
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.safety.models import Alarm
from leads.safety.release import Disposition, release
from leads.safety.take import take
from leads.todos.models import Todo
from tests.cast import make_lead
from tests.safety.cast import pages_planned


@pytest.fixture
def lead(session: Session, roster: list[Account]) -> Lead:
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.flush()
    return lead


@pytest.fixture
def alarm(session: Session, lead: Lead) -> Alarm:
    return session.scalars(select(Alarm)).one()


def me(account: Account) -> str:
    return f"account:{account.id}"


def test_it_says_who_and_when(session: Session, alarm: Alarm, roster: list[Account]) -> None:
    take(session, alarm.id, actor=me(roster[1]))
    assert (alarm.taken_by, alarm.taken_at) == (me(roster[1]), now())


def test_a_page_that_had_not_gone_out_does_not_go_any_more(session: Session, alarm: Alarm, roster: list[Account]) -> None:
    take(session, alarm.id, actor=me(roster[0]))
    session.expire_all()
    assert not pages_planned(session)
    assert session.scalars(select(Message.reason).where(Message.template == "safety-page")).one() == "taken"


def test_pressed_again_it_changes_nothing(
    session: Session, alarm: Alarm, roster: list[Account], tuesday: Callable[[timedelta], None]
) -> None:
    taken_at = take(session, alarm.id, actor=me(roster[0])).taken_at
    tuesday(timedelta(minutes=5))
    assert take(session, alarm.id, actor=me(roster[0])).taken_at == taken_at


def test_of_two_who_press_the_second_hears_that_a_colleague_has_it(session: Session, alarm: Alarm, roster: list[Account]) -> None:
    take(session, alarm.id, actor=me(roster[0]))
    with pytest.raises(Conflict, match="colleague has it"):
        take(session, alarm.id, actor=me(roster[1]))


def test_an_alarm_that_never_was_cannot_be_taken(session: Session, roster: list[Account]) -> None:
    with pytest.raises(NotFound):
        take(session, new_id(), actor=me(roster[0]))


def test_the_hold_and_its_todo_stay_until_a_clinician_releases(session: Session, alarm: Alarm, lead: Lead, roster: list[Account]) -> None:
    take(session, alarm.id, actor=me(roster[0]))
    todo = session.scalars(select(Todo).where(Todo.kind == "safety")).one()
    assert open_holds(session, lead.person_id)
    assert (todo.done_at, todo.urgent, todo.role) == (None, True, "clinician")


def test_a_release_says_what_was_found_in_a_code_and_in_words(session: Session, alarm: Alarm, lead: Lead, roster: list[Account]) -> None:
    (hold,) = open_holds(session, lead.person_id)
    release(session, lead.person_id, actor=me(roster[0]), roles=roster[0].roles, disposition=Disposition("safety-plan", "Sister stays."))
    assert (hold.disposition_code, hold.disposition, hold.released_by) == ("safety-plan", "Sister stays.", me(roster[0]))


def test_a_code_nobody_knows_releases_nothing(session: Session, lead: Lead, roster: list[Account]) -> None:
    with pytest.raises(Invalid, match="no-danger, safety-plan"):
        release(session, lead.person_id, actor=me(roster[0]), roles=("clinician",), disposition=Disposition("fine", "Spoke."))
    assert open_holds(session, lead.person_id)
