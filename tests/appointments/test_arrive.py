"""The visit's day: who came is in care, who did not is gently invited again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.arrive import attended, no_show
from leads.appointments.book import book
from leads.appointments.cancel import cancel
from leads.errors import Conflict
from leads.messages.models import Message
from leads.pipeline.models import Lead
from tests.appointments.visits import NEXT_WEEK, booked, moment, ready, slot, todos
from tests.cast import ACTOR
from tests.loop.cast import bring_to, make_referral

Advance = Callable[[timedelta], None]
WEEK = timedelta(days=7)


def missed_mail(session: Session) -> Message:
    session.flush()
    return session.scalars(select(Message).where(Message.template == "visit-missed").order_by(Message.id.desc())).first() or Message()


def test_who_came_is_in_care(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(WEEK)
    attended(session, visit.id, version=1, actor=ACTOR)
    assert (visit.state, session.get_one(Lead, visit.lead_id).stage) == ("attended", "in_care")


def test_nobody_has_come_before_the_day(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(WEEK - timedelta(hours=11))
    with pytest.raises(Conflict, match="still to come"):
        attended(session, visit.id, version=1, actor=ACTOR)


def test_nobody_has_come_to_what_was_cancelled(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    cancel(session, visit.id, version=1, actor=ACTOR, reason="Ill")
    with pytest.raises(Conflict, match="nobody can have come"):
        attended(session, visit.id, version=2, actor=ACTOR)


def test_nobody_is_late_before_the_hour(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(WEEK - timedelta(hours=1, minutes=1))
    with pytest.raises(Conflict, match="Nobody is late"):
        no_show(session, visit.id, version=1, actor=ACTOR)


def test_who_did_not_come_stays_booked_and_is_called(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(WEEK)
    no_show(session, visit.id, version=1, actor=ACTOR)
    assert (visit.state, session.get_one(Lead, visit.lead_id).stage) == ("no_show", "booked")
    assert "rebook" in todos(session)


def test_who_did_not_come_is_invited_on_the_next_business_day(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    assert missed_mail(session).state == "skipped"
    tuesday(WEEK)
    no_show(session, visit.id, version=1, actor=ACTOR)
    assert (missed_mail(session).state, missed_mail(session).due_at) == ("planned", moment(NEXT_WEEK.replace(day=14), 9))


def afterwards(session: Session) -> Message:
    session.flush()
    return session.scalars(select(Message).where(Message.template == "integration-resources")).one()


def test_who_came_is_sent_what_may_help_on_the_next_business_day(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    assert (afterwards(session).state, afterwards(session).reason) == ("skipped", "only-if")
    tuesday(WEEK)
    attended(session, visit.id, version=1, actor=ACTOR)
    assert (afterwards(session).state, afterwards(session).level) == ("planned", 2)
    assert afterwards(session).due_at == moment(NEXT_WEEK.replace(day=14), 9)


def test_who_came_late_after_all_is_not_invited(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(WEEK)
    no_show(session, visit.id, version=1, actor=ACTOR)
    attended(session, visit.id, version=2, actor=ACTOR)
    assert (missed_mail(session).state, session.get_one(Lead, visit.lead_id).stage) == ("skipped", "in_care")
    assert "rebook" not in todos(session)


def test_an_earlier_visit_missed_says_nothing_of_the_next(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    tuesday(WEEK)
    no_show(session, visit.id, version=1, actor=ACTOR)
    book(session, visit.lead_id, slot(9, day=NEXT_WEEK.replace(day=20)), actor=ACTOR)
    assert missed_mail(session).state == "skipped"


def test_the_referrer_hears_what_the_grant_allows(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    referral = bring_to(session, make_referral(session, lead=lead), "accepted")
    visit = book(session, lead.id, slot(), actor=ACTOR)
    tuesday(WEEK)
    no_show(session, visit.id, version=1, actor=ACTOR)
    assert referral.state == "missed"
    attended(session, visit.id, version=2, actor=ACTOR)
    assert referral.state == "attended"
