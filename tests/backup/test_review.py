"""After a restore nothing that was due goes out by itself, and a person can let it go."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from leads import db
from leads.backup.restore import Restored
from leads.clock import now
from leads.messages.claim import claim
from leads.messages.decide import RESTORED, VERDICTS, Verdict, decide
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.recover import recover, settle
from leads.messages.review import decide_all
from leads.messages.switch import pause_sending, resume_sending, stops
from leads.round_trips import round_trips
from tests.backup.conftest import STATES, states
from tests.cast import ACTOR
from tests.conftest import Mailbox

pytestmark = pytest.mark.committed
BringBack = Callable[..., Restored]


def claimed() -> int:
    with round_trips() as trips:
        return sum(len(claim(trips, lane, limit=50)) for lane in LANES)


def test_what_was_due_waits_for_a_person(bring_back: BringBack) -> None:
    assert bring_back().to_review == len(STATES)
    assert states() == {"unknown": len(STATES), "planned": 1}
    assert claimed() == 0


def let_go() -> None:
    with db.transaction() as session:
        resume_sending(session, actor=ACTOR)


def test_sending_is_paused_until_somebody_lets_it_go(bring_back: BringBack, tuesday: Callable[[timedelta], None]) -> None:
    bring_back()
    tuesday(timedelta(days=1, hours=1))
    assert claimed() == 0
    let_go()
    assert claimed() == 1


def test_what_was_paused_before_is_paused_once(clinic_at_work: None, request: pytest.FixtureRequest) -> None:
    with db.transaction() as session:
        pause_sending(session, reason="by hand", actor=ACTOR)
    request.getfixturevalue("bring_back")()
    with db.transaction() as session:
        assert [stop.reason for stop in stops(session)] == ["by hand"]


def test_no_policy_sends_it_once_more(bring_back: BringBack, tuesday: Callable[[timedelta], None]) -> None:
    bring_back()
    tuesday(timedelta(hours=2))
    with db.transaction() as session:
        recover(session)
        assert settle(session) == 0
    assert claimed() == 0


def test_a_person_lets_one_go_and_it_goes_out_once(bring_back: BringBack, mailbox: Mailbox) -> None:
    bring_back()
    with db.transaction() as session:
        first = session.scalars(select(Message.id).where(Message.reason == RESTORED).limit(1)).one()
        decide(session, first, "again", actor=ACTOR)
    let_go()
    drain(LANES)
    drain(LANES)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(("verdict", "state"), list(zip(VERDICTS, ("sent", "failed", "planned"), strict=True)))
def test_all_can_be_settled_at_once(bring_back: BringBack, verdict: Verdict, state: str) -> None:
    bring_back()
    with db.transaction() as session:
        assert decide_all(session, verdict, actor=ACTOR) == len(STATES)
    assert states().get(state, 0) >= len(STATES)
    assert "unknown" not in states()


def test_what_went_out_after_all_counts_from_when_it_was_due(bring_back: BringBack, tuesday: Callable[[timedelta], None]) -> None:
    due = now()
    tuesday(timedelta(hours=5))
    bring_back()
    with db.transaction() as session:
        decide_all(session, "sent", actor=ACTOR)
        assert set(session.scalars(select(Message.sent_at).where(Message.state == "sent"))) == {due}
