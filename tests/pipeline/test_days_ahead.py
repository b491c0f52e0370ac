"""A day on which to call or look again lies ahead, also where the office was shut on the one that was chosen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.errors import Invalid
from leads.pipeline.contact import log_call
from leads.pipeline.waitlist import wait
from tests.cast import ACTOR, make_lead

MONDAY, SUNDAY = datetime(2026, 10, 5, 14, 0, tzinfo=UTC), date(2026, 10, 4)
Freeze = Callable[[datetime], AbstractContextManager[object]]


def test_the_sunday_that_is_over_is_no_day_to_wait_until(session: Session, freeze: Freeze) -> None:
    with freeze(MONDAY), pytest.raises(Invalid, match="Choose a day to look again"):
        wait(session, make_lead(session, stage="contacted", reached_at=now()).id, SUNDAY, actor=ACTOR)


def test_nor_is_it_one_to_call_again_on(session: Session, freeze: Freeze) -> None:
    with freeze(MONDAY), pytest.raises(Invalid, match="Choose a day for the next call"):
        log_call(session, make_lead(session).id, result="no-answer", again_on=SUNDAY, actor=ACTOR)
