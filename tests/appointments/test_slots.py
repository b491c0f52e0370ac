"""When a visit can be had: the calendar's hours, less closures, blocks and what is taken; right across clock changes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from leads.appointments.block import block
from leads.appointments.book import book, offer
from leads.appointments.slots import Slot, free_of, free_slots, outside, slots_of
from leads.clinic.profile import clinic
from leads.clinic.visits import VisitCalendar
from leads.clock import now
from leads.errors import Invalid
from tests.appointments.visits import NEXT_WEEK, booked, moment, ready, slot
from tests.cast import ACTOR

Advance = Callable[[timedelta], None]
OFFICE = clinic().office("new-haven")


def calendar(**changes: object) -> VisitCalendar:
    """A clinician who sees people on Sundays and Mondays, early."""
    hours = {"sunday": ["00:00-04:00"], "monday": ["09:00-11:30"]}
    return VisitCalendar.model_validate({"code": "clinician-x", "name": "Clinician X", "office": "new-haven", "hours": hours} | changes)


def begins(day: date, *, days: int = 1, minutes: int = 60, **changes: object) -> list[str]:
    """When the slots of some days begin, by the office's clock."""
    since = moment(day, 0)
    found = slots_of(calendar(**changes), OFFICE, since, since + timedelta(days=days), minutes=minutes)
    return [each.starts_at.astimezone(OFFICE.zone).strftime("%d %H:%M") for each in found]


def test_a_visit_ends_before_the_hours_do() -> None:
    assert begins(date(2026, 10, 5)) == ["05 09:00", "05 10:00"]


def test_a_day_without_hours_has_none() -> None:
    assert begins(date(2026, 10, 6)) == []


@pytest.mark.parametrize(
    ("day", "why"),
    [(date(2026, 10, 12), "Columbus Day"), (date(2026, 11, 27), "Day after Thanksgiving"), (date(2026, 12, 25), "Christmas Day")],
)
def test_what_shuts_the_office_shuts_its_calendars(day: date, why: str) -> None:
    assert OFFICE.closed_because(day) == why
    assert begins(day, hours={}, exceptions=[{"date": day, "hours": ["09:00-12:00"]}]) == []


def test_an_exception_takes_the_place_of_the_week() -> None:
    exceptions = [{"date": date(2026, 10, 5), "hours": ["14:00-15:00"]}, {"date": date(2026, 10, 19), "closed": True}]
    assert begins(date(2026, 10, 5), exceptions=exceptions) == ["05 14:00"]
    assert begins(date(2026, 10, 19), exceptions=exceptions) == []


def test_an_exception_opens_a_day_of_its_own() -> None:
    assert begins(date(2026, 10, 10), exceptions=[{"date": date(2026, 10, 10), "hours": ["10:00-11:00"]}]) == ["10 10:00"]


def test_in_the_night_the_clocks_go_forward_an_hour_is_missing() -> None:
    assert begins(date(2026, 3, 8)) == ["08 00:00", "08 01:00", "08 03:00"]


def test_in_the_night_they_go_back_it_comes_twice() -> None:
    assert begins(date(2026, 11, 1)) == ["01 00:00", "01 01:00", "01 01:00", "01 02:00", "01 03:00"]


@given(st.integers(0, 700), st.integers(5, 240))
def test_every_slot_has_its_length_and_none_overlaps_the_next(day: int, minutes: int) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    found = list(slots_of(calendar(), OFFICE, since, since + timedelta(days=8), minutes=minutes))
    assert all(each.ends_at - each.starts_at == timedelta(minutes=minutes) for each in found)
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(found))


def test_what_only_touches_does_not_overlap() -> None:
    nine, ten, eleven = (moment(NEXT_WEEK, hour) for hour in (9, 10, 11))
    one = Slot("new-haven", "clinician-a", ten, eleven)
    assert list(free_of([one], [(nine, ten), (eleven, eleven + timedelta(hours=1))])) == [one]
    assert list(free_of([one], [(nine, ten + timedelta(minutes=1))])) == []


def test_the_earliest_come_first_from_all_calendars(session: Session, tuesday: Advance) -> None:
    found = free_slots(session, limit=3)
    assert [(each.calendar, each.starts_at) for each in found] == [
        ("clinician-b", moment(date(2026, 10, 7), 10)),
        ("clinician-c", moment(date(2026, 10, 7), 10)),
        ("clinician-b", moment(date(2026, 10, 7), 11)),
    ]


def test_a_colleague_on_the_phone_may_leave_out_the_notice(session: Session, tuesday: Advance) -> None:
    assert free_slots(session, calendar="clinician-a", limit=1)[0].starts_at == moment(date(2026, 10, 8), 13)
    assert free_slots(session, calendar="clinician-a", limit=1, soon=True)[0].starts_at == moment(date(2026, 10, 6), 11)


def test_nothing_is_offered_further_ahead_than_the_clinic_books(session: Session, tuesday: Advance) -> None:
    far = free_slots(session, until=now() + timedelta(days=900), limit=1000)
    assert far[-1].starts_at < now() + timedelta(days=60)


def test_what_is_booked_offered_or_blocked_is_not_free(session: Session, tuesday: Advance) -> None:
    booked(session, 9)
    offer(session, ready(session).id, slot(10), actor=ACTOR)
    block(session, "clinician-a", moment(NEXT_WEEK, 11, 30), moment(NEXT_WEEK, 11, 45), actor=ACTOR)
    assert free_slots(session, calendar="clinician-a", since=moment(NEXT_WEEK, 0), until=moment(NEXT_WEEK, 23)) == []


def test_a_visit_outside_of_the_calendars_takes_nothing_there(session: Session, tuesday: Advance) -> None:
    book(session, ready(session).id, outside("new-haven", moment(NEXT_WEEK, 9)), actor=ACTOR)
    assert slot(9) in free_slots(session, calendar="clinician-a", since=moment(NEXT_WEEK, 0), until=moment(NEXT_WEEK, 23))


@pytest.mark.parametrize(("asked", "field"), [({"office": "moon"}, "office"), ({"calendar": "moon"}, "calendar")])
def test_an_unknown_code_is_refused_with_those_there_are(session: Session, asked: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid, match=f"There is no {field} moon. Choose one of") as refusal:
        free_slots(session, **asked)  # type: ignore[arg-type]
    assert refusal.value.errors[0].field == field
