"""How long people wait for us, and which promises were kept."""

import pytest
from sqlalchemy.orm import Session

from leads.reports.period import Period
from leads.reports.response_times import response_times
from tests.reports.cast import journeys, waited

pytestmark = pytest.mark.usefixtures("tuesday")


def october() -> Period:
    return Period.read("2026-10", "2026-10")


def test_each_lead_lies_in_the_stretch_it_waited(session: Session) -> None:
    for hours in (0.5, 3, 20, 30):
        waited(session, 11, hours)
    found = response_times(session, october())
    assert found.reached == [11, 11, 11, 11, 0, 0, 0]


def test_the_middle_and_nine_in_ten_are_told_in_hours(session: Session) -> None:
    waited(session, 11, 2)
    waited(session, 11, 10)
    wait = response_times(session, october()).by_office["all"]
    assert (wait.leads, wait.median, wait.nine_in_ten) == (22, 6.0, 10.0)


def test_a_promise_is_kept_or_broken_and_one_whose_time_runs_is_neither(session: Session) -> None:
    waited(session, 33, 20)
    waited(session, 11, None)
    waited(session, 20, None, promise=200)
    found = response_times(session, october())
    assert (found.by_office["all"].kept, found.missed, found.waiting) == (75, 11, 20)


def test_a_share_that_would_tell_of_few_is_not_told(session: Session) -> None:
    waited(session, 33, 20)
    waited(session, 1, None)
    assert response_times(session, october()).by_office["all"].kept is None


def test_an_office_with_few_leads_says_nothing_of_them(session: Session) -> None:
    waited(session, 30, 2)
    waited(session, 5, 40, office="new-haven")
    found = response_times(session, october()).by_office
    assert found["new-haven"] == (None, None, None, None)
    assert found["woodbury"].leads is None


def test_a_list_that_was_brought_in_made_no_promise(session: Session) -> None:
    waited(session, 11, 2)
    journeys(session, 11, source="import")
    assert response_times(session, october()).by_office["all"].leads == 11


def test_nobody_is_nothing(session: Session) -> None:
    found = response_times(session, october())
    assert (sum(each or 0 for each in found.reached), found.by_office["all"].leads) == (0, 0)
