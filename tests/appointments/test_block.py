"""A stretch of a calendar is blocked, and lifted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.appointments.block import block, blocks_ahead, caught_by, lift
from leads.appointments.book import book
from leads.appointments.models import CalendarBlock
from leads.clock import now
from leads.db import new_id
from leads.errors import Conflict, Invalid, NotFound
from tests.appointments.visits import NEXT_WEEK, booked, moment, ready, slot
from tests.cast import ACTOR

Advance = Callable[[timedelta], None]


def morning(session: Session) -> CalendarBlock:
    """Next Tuesday's morning, blocked."""
    return block(session, "clinician-a", moment(NEXT_WEEK, 9), moment(NEXT_WEEK, 12), actor=ACTOR, reason=" Training ")


def test_nobody_is_booked_into_it(session: Session, tuesday: Advance) -> None:
    assert morning(session).reason == "Training"
    with pytest.raises(Conflict, match="Free next: Thursday, October 15, 1:00 PM"):
        book(session, ready(session).id, slot(), actor=ACTOR)


def test_once_lifted_it_is_free(session: Session, tuesday: Advance) -> None:
    lift(session, morning(session).id, actor=ACTOR)
    assert booked(session).state == "booked"


def test_it_is_lifted_once(session: Session, tuesday: Advance) -> None:
    known = morning(session)
    lift(session, known.id, actor=ACTOR)
    with pytest.raises(Conflict, match="lifted this block already"):
        lift(session, known.id, actor=ACTOR)


def test_an_unknown_one_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        lift(session, new_id(), actor=ACTOR)


def test_visits_inside_stay_and_are_named(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    assert caught_by(session, morning(session)) == [visit]
    assert visit.state == "booked"


def test_those_ahead_are_listed(session: Session, tuesday: Advance) -> None:
    known = morning(session)
    assert blocks_ahead(session, ["clinician-a"]) == [known]
    assert blocks_ahead(session, ["clinician-b"]) == []
    tuesday(timedelta(days=8))
    assert blocks_ahead(session, ["clinician-a"]) == []


@pytest.mark.parametrize(("since", "until"), [(2, 1), (1, 1), (-2, -1)])
def test_a_stretch_that_is_none_is_refused(session: Session, tuesday: Advance, since: int, until: int) -> None:
    with pytest.raises(Invalid, match="A block ends after it begins"):
        block(session, "clinician-a", now() + timedelta(hours=since), now() + timedelta(hours=until), actor=ACTOR)


def test_an_unknown_calendar_is_refused(session: Session, tuesday: Advance) -> None:
    with pytest.raises(Invalid, match="There is no calendar moon"):
        block(session, "moon", now(), now() + timedelta(hours=1), actor=ACTOR)
