"""Which visit of a lead one speaks of."""

import pytest
from sqlalchemy.orm import Session

from leads.appointments.book import book
from leads.appointments.cancel import cancel
from leads.appointments.standing import visit_of
from tests.appointments.visits import ready, slot
from tests.cast import ACTOR

pytestmark = pytest.mark.usefixtures("tuesday")


def test_the_visit_ahead_comes_before_a_later_one_that_was_cancelled(session: Session) -> None:
    lead = ready(session)
    later = book(session, lead.id, slot(11), actor=ACTOR)
    cancel(session, later.id, version=later.version, actor=ACTOR, reason="Ill")
    ahead = book(session, lead.id, slot(9), actor=ACTOR)
    assert visit_of(session, lead.id) is ahead


def test_with_none_ahead_it_is_the_latest(session: Session) -> None:
    lead = ready(session)
    for hour in (11, 9):
        visit = book(session, lead.id, slot(hour), actor=ACTOR)
        cancel(session, visit.id, version=visit.version, actor=ACTOR, reason="Ill")
    assert (found := visit_of(session, lead.id))
    assert found.starts_at == slot(11).starts_at


def test_a_lead_without_one_has_none(session: Session) -> None:
    assert visit_of(session, ready(session).id) is None
