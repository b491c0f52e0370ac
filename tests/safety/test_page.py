"""A disclosure reaches a human: who is on call at once, the next one where nobody answers, and everybody each hour."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.staff import disable_account
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.messages.render import render
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.safety.models import Alarm
from leads.safety.page import due, escalate
from leads.safety.release import Disposition, release
from leads.safety.take import take
from tests.cast import ACTOR, make_lead
from tests.safety.cast import make_roster, paged, pages_planned
from tests.safety.conftest import OnCall

Advance = Callable[[timedelta], None]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lead(session: Session, roster: list[Account]) -> Lead:
    return make_lead(session)


@pytest.fixture
def alarm(session: Session, lead: Lead) -> Alarm:
    """An alarm that has just been raised."""
    return raise_it(session, lead)


def raise_it(session: Session, lead: Lead, source: str = "inquiry") -> Alarm:
    disclose(session, lead.person_id, lead.id, source=source)
    session.flush()
    return session.scalars(select(Alarm).order_by(Alarm.id.desc())).first() or pytest.fail("there is no alarm")


def tick(session: Session) -> int:
    """What the clock does."""
    steps = sum(escalate(session, alarm_id) for alarm_id in due(session))
    session.flush()
    return steps


def test_who_is_first_on_call_is_paged_at_once(session: Session, alarm: Alarm) -> None:
    assert paged(session) == [["Alba"]]
    assert [(mail.lane, mail.due_at) for mail in pages_planned(session)] == [("safety", now())]


def test_the_page_says_a_number_and_nothing_else_of_anybody(session: Session, alarm: Alarm, lead: Lead) -> None:
    (mail,) = pages_planned(session)
    said = render("safety-page", "en", {**(mail.facts or {}), "given_name": None})
    assert lead.number in said.text
    assert "Ana" not in said.text + said.html + said.subject
    assert "/console/safety" in said.text


def test_before_a_quarter_of_an_hour_nobody_else_is_asked(session: Session, alarm: Alarm, tuesday: Advance) -> None:
    tuesday(15 * MINUTE - timedelta(seconds=1))
    assert tick(session) == 0


def test_unanswered_it_goes_along_the_roster_at_15_30_and_60_minutes(session: Session, alarm: Alarm, tuesday: Advance) -> None:
    for minutes in (15, 15, 30):
        tuesday(minutes * MINUTE)
        assert tick(session) == 1
    assert paged(session) == [["Alba"], ["Boris"], ["Chloe"], ["Alba"]]


def test_then_everybody_and_the_office_are_asked_each_hour(session: Session, alarm: Alarm, tuesday: Advance) -> None:
    for minutes in (15, 15, 30, 60, 60):
        tuesday(minutes * MINUTE)
        tick(session)
    assert paged(session)[4:] == [["Alba", "Boris", "Chloe", "desk"]] * 2
    assert alarm.next_at == alarm.raised_at + timedelta(hours=4)


def test_a_second_clock_takes_no_second_step(session: Session, alarm: Alarm, tuesday: Advance) -> None:
    tuesday(15 * MINUTE)
    waiting = due(session)
    assert [escalate(session, alarm_id) for alarm_id in (*waiting, *waiting)] == [1, 0]
    assert paged(session) == [["Alba"], ["Boris"]]


def test_after_an_outage_every_missed_step_is_taken_but_the_missed_hours_are_one(session: Session, alarm: Alarm, tuesday: Advance) -> None:
    tuesday(timedelta(hours=10, minutes=5))
    assert tick(session) == 4
    assert paged(session) == [["Alba"], ["Boris"], ["Chloe"], ["Alba"], ["Alba", "Boris", "Chloe", "desk"]]
    assert alarm.next_at == alarm.raised_at + timedelta(hours=11)


def test_a_second_disclosure_while_it_rings_is_the_same_alarm(session: Session, alarm: Alarm, lead: Lead) -> None:
    assert raise_it(session, lead, "reply") is alarm
    assert paged(session) == [["Alba"]]


def test_a_disclosure_after_somebody_took_the_first_pages_again(session: Session, alarm: Alarm, lead: Lead) -> None:
    take(session, alarm.id, actor=ACTOR)
    assert raise_it(session, lead, "reply") is not alarm
    assert paged(session) == [["Alba", "Alba"]]


def test_two_people_in_danger_are_two_alarms(session: Session, alarm: Alarm) -> None:
    raise_it(session, make_lead(session))
    assert len(pages_planned(session)) == 2


def test_without_a_roster_the_office_hears_of_it_and_goes_on_hearing(session: Session, tuesday: Advance) -> None:
    raise_it(session, make_lead(session))
    tuesday(15 * MINUTE)
    tick(session)
    assert paged(session) == [["desk"], ["desk"]]


def test_somebody_nobody_has_tested_is_paged_all_the_same_and_the_office_too(session: Session, tuesday: object, on_call: OnCall) -> None:
    make_roster(session)
    on_call("alba@example.com")
    raise_it(session, make_lead(session))
    assert paged(session) == [["Alba", "desk"]]


def test_in_place_of_a_colleague_who_has_left_the_next_is_paged(session: Session, roster: list[Account]) -> None:
    disable_account(session, roster[0])
    raise_it(session, make_lead(session))
    assert paged(session) == [["Boris"]]


def test_who_comes_on_shift_meanwhile_is_asked_next(session: Session, alarm: Alarm, on_call: OnCall, tuesday: Advance) -> None:
    on_call("chloe@example.com", "boris@example.com")
    tuesday(15 * MINUTE)
    tick(session)
    assert paged(session) == [["Alba"], ["Boris"]]


def test_a_clinic_may_ask_sooner(session: Session, roster: list[Account], on_call: OnCall, tuesday: Advance) -> None:
    on_call("alba@example.com", "boris@example.com", escalate_after_minutes=[5])
    raise_it(session, make_lead(session))
    for minutes in (5, 60):
        tuesday(minutes * MINUTE)
        tick(session)
    assert paged(session) == [["Alba"], ["Boris"], ["Alba", "Boris", "desk"]]


def test_once_somebody_has_it_nobody_else_is_asked(session: Session, alarm: Alarm, tuesday: Advance) -> None:
    take(session, alarm.id, actor=ACTOR)
    tuesday(timedelta(hours=5))
    assert (due(session), escalate(session, alarm.id)) == ([], 0)


def test_a_release_ends_what_nobody_took(session: Session, alarm: Alarm, lead: Lead, tuesday: Advance) -> None:
    release(session, lead.person_id, actor=ACTOR, roles=("clinician",), disposition=Disposition("no-danger", "Spoke."))
    tuesday(timedelta(hours=5))
    assert due(session) == []
    assert not pages_planned(session)


def test_every_step_is_on_record(session: Session, alarm: Alarm, tuesday: Advance, roster: list[Account]) -> None:
    tuesday(15 * MINUTE)
    tick(session)
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "safety.paged").order_by(AuditEntry.id)).all()
    assert [(entry.detail["step"], entry.detail["accounts"]) for entry in entries] == [(1, [str(roster[0].id)]), (2, [str(roster[1].id)])]
