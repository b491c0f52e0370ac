"""Moving a visit: one write, and mails, calendar entry and referrer follow."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.arrive import no_show
from leads.appointments.book import book, confirm, offer
from leads.appointments.cancel import cancel
from leads.appointments.expire import find_another_time
from leads.appointments.move import move
from leads.appointments.slots import outside
from leads.clock import now
from leads.errors import Conflict, StaleVersion
from leads.messages.models import Message
from tests.appointments.visits import NEXT_WEEK, at_once, booked, moment, ready, slot, todos
from tests.cast import ACTOR, make_confirmed_person
from tests.loop.cast import bring_to, make_referral

Advance = Callable[[timedelta], None]


def sent(session: Session) -> None:
    """Let what is due at once count as sent."""
    session.flush()
    for mail in session.scalars(select(Message).where(Message.enrolment_id.is_(None), Message.state == "planned")):
        mail.state, mail.sent_at = "sent", now()


def reminder(session: Session) -> Message:
    session.flush()
    return session.scalars(select(Message).where(Message.template == "visit-tomorrow", Message.state == "planned")).one()


def test_the_old_slot_is_free_again(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    move(session, visit.id, slot(11), version=1, actor=ACTOR)
    other = ready(session, person=make_confirmed_person(session, email="other@example.com"))
    assert book(session, other.id, slot(9), actor=ACTOR).state == "booked"


def test_a_calendar_hears_of_it_by_a_higher_sequence(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    sent(session)
    move(session, visit.id, slot(11), version=1, actor=ACTOR)
    mail = session.scalars(select(Message).where(Message.template == "visit-moved")).one()
    assert mail.facts
    assert (mail.facts["ics_sequence"], mail.facts["visit_at"]) == (1, "2026-10-13T15:00:00+00:00")


def test_reminders_go_at_the_new_time(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    move(session, visit.id, slot(9, day=NEXT_WEEK.replace(day=20)), version=1, actor=ACTOR)
    assert reminder(session).due_at == moment(NEXT_WEEK.replace(day=19), 9)


def test_reminders_name_the_new_office(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    move(session, visit.id, slot(10, calendar="clinician-c"), version=1, actor=ACTOR)
    assert (reminder(session).facts or {})["office"] == "woodbury"


def test_who_has_not_heard_of_the_first_time_hears_only_of_the_second(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    move(session, visit.id, slot(11), version=1, actor=ACTOR)
    assert at_once(session) == ["visit-booked"]


def test_a_yes_to_the_old_time_is_none_to_the_new_one(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    confirm(session, visit.id, version=1, actor=ACTOR)
    assert move(session, visit.id, slot(11), version=2, actor=ACTOR).confirmed_at is None


def test_to_its_own_time_nothing_happens(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    sent(session)
    assert move(session, visit.id, slot(9), version=1, actor=ACTOR).version == 1
    assert at_once(session) == []


def test_two_colleagues_do_not_move_one_visit_past_each_other(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    move(session, visit.id, slot(10), version=1, actor=ACTOR)
    with pytest.raises(StaleVersion, match="it is booked now"):
        move(session, visit.id, slot(11), version=1, actor=ACTOR)


def test_it_cannot_go_where_another_is(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    book(session, ready(session, person=make_confirmed_person(session, email="other@example.com")).id, slot(10), actor=ACTOR)
    with pytest.raises(Conflict, match="just been taken"):
        move(session, visit.id, slot(10), version=1, actor=ACTOR)


def test_an_hour_that_overlaps_its_own_is_free_for_it(session: Session, tuesday: Advance) -> None:
    visit = book(session, ready(session).id, outside("new-haven", moment(NEXT_WEEK, 9, 30)), actor=ACTOR)
    assert move(session, visit.id, slot(9), version=1, actor=ACTOR).calendar == "clinician-a"


def test_a_moved_offer_is_offered_anew(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=3))
    move(session, visit.id, slot(10), version=1, actor=ACTOR)
    assert (visit.state, visit.offered_until, at_once(session)) == ("offered", now() + timedelta(hours=48), ["visit-offered"])


def test_what_was_asked_for_is_done(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    find_another_time(session, visit, actor=ACTOR)
    move(session, visit.id, slot(10), version=1, actor=ACTOR)
    assert "rebook" not in todos(session)


def test_the_referrer_hears_of_the_new_time(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    referral = bring_to(session, make_referral(session, lead=lead), "accepted")
    visit = book(session, lead.id, slot(), actor=ACTOR)
    assert (referral.state, referral.appointment_at) == ("booked", visit.starts_at)
    move(session, visit.id, slot(11), version=1, actor=ACTOR)
    assert (referral.state, referral.appointment_at) == ("booked", moment(NEXT_WEEK, 11))


def test_what_is_off_cannot_be_moved(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    with pytest.raises(Conflict, match="is cancelled"):
        move(session, visit.id, slot(10), version=2, actor=ACTOR)


def test_what_has_passed_is_recorded_first(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(timedelta(days=7))
    with pytest.raises(Conflict, match="Say first whether the patient came"):
        move(session, visit.id, slot(9, day=NEXT_WEEK.replace(day=20)), version=1, actor=ACTOR)


def test_a_visit_that_was_missed_is_booked_anew(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    referral = bring_to(session, make_referral(session, lead=lead), "accepted")
    visit = book(session, lead.id, slot(), actor=ACTOR)
    tuesday(timedelta(days=7))
    no_show(session, visit.id, version=1, actor=ACTOR)
    book(session, lead.id, slot(9, day=NEXT_WEEK.replace(day=20)), actor=ACTOR)
    assert (referral.state, lead.stage, "rebook" in todos(session)) == ("booked", "booked", False)
    assert reminder(session).due_at == moment(NEXT_WEEK.replace(day=19), 9)
