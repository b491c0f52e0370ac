"""The clock tests each contact once a week, in office hours, and supervisors hear who did not answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.staff import disable_account
from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import transaction
from leads.messages.models import Message
from leads.safety.disclose import disclose
from leads.safety.keep_tested import due, send_test, tell_of_silent
from leads.safety.models import Alarm, ContactTest
from leads.safety.oncall import is_staffed
from leads.safety.oncall import roster as who
from leads.safety.take import take
from leads.safety.try_contact import answer
from tests.cast import make_lead
from tests.safety.cast import answer_test, make_roster, put_on_call
from tests.safety.conftest import OnCall

Advance = Callable[[timedelta], None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def alba(session: Session, tuesday: object, on_call: OnCall) -> Account:
    """Alba, alone on the roster, whom nobody has ever tested; Chloe supervises."""
    alba = make_roster(session)[0]
    on_call("alba@example.com", staffed=True)
    return alba


def tick(session: Session) -> list[ContactTest]:
    """What the clock does; returns the tests it sent."""
    sent = [send_test(session, each) for each in due(session)]
    tell_of_silent(session)
    session.flush()
    return [each for each in sent if each]


def told(session: Session) -> list[Message]:
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == "contact-silent").order_by(Message.id)))


def wall(at: datetime) -> datetime:
    return at.astimezone(clinic().office(None).zone)


def test_whoever_was_never_tested_is_tested_when_the_office_is_open(session: Session, alba: Account) -> None:
    (test,) = tick(session)
    mail = session.get_one(Message, test.message_id)
    assert (test.account_id, test.sent_by, mail.template, mail.lane) == (alba.id, "clock", "safety-test", "safety")
    assert (mail.facts or {})["page_url"].endswith(f"/console/safety/test/{test.id}")


def test_its_answer_is_the_proof_and_nothing_else_is(session: Session, alba: Account) -> None:
    (test,) = tick(session)
    assert not is_staffed(session)
    answer(session, test.id, account_id=alba.id)
    assert is_staffed(session)


# Ten at night, a Saturday, and Columbus Day.
@pytest.mark.parametrize("later", [12 * HOUR, 4 * DAY, 6 * DAY])
def test_nobody_is_tested_while_the_office_is_shut(session: Session, alba: Account, tuesday: Advance, later: timedelta) -> None:
    tuesday(later)
    assert tick(session) == []


def test_the_next_one_comes_a_week_later_when_the_office_opens_and_none_between(session: Session, alba: Account, tuesday: Advance) -> None:
    sent = []
    for _ in range(22 * 24 * 2):
        sent += [f"{wall(test.sent_at):%b %d %H:%M}" for test in tick(session)]
        tuesday(HOUR / 2)
    assert sent == ["Oct 06 10:00", "Oct 13 09:00", "Oct 20 09:00", "Oct 27 09:00"]


def test_an_answer_given_by_hand_is_as_good(session: Session, alba: Account, tuesday: Advance) -> None:
    answer_test(session, alba)
    tuesday(6 * DAY + 22 * HOUR)
    assert tick(session) == []
    tuesday(HOUR)
    assert len(tick(session)) == 1


def test_who_is_tested_each_week_counts_without_a_gap(session: Session, alba: Account, tuesday: Advance) -> None:
    for _ in range(20 * 24):
        for test in tick(session):
            answer(session, test.id, account_id=alba.id)
        session.flush()
        assert is_staffed(session)
        tuesday(HOUR)


def test_while_a_page_to_somebody_is_open_they_get_no_test(session: Session, roster: list[Account], tuesday: Advance) -> None:
    tuesday(7 * DAY)
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.flush()
    assert due(session) == [roster[1].id, roster[2].id]
    take(session, session.scalars(select(Alarm.id)).one(), actor="account:x")
    session.flush()
    assert due(session) == [each.id for each in roster]


def test_whoever_has_no_open_account_gets_none(session: Session, alba: Account, on_call: OnCall) -> None:
    disable_account(session, alba, actor="test")
    on_call("alba@example.com", "nobody@example.com")
    session.flush()
    assert tick(session) == []


def test_a_supervisor_hears_once_that_a_test_was_not_answered_in_time(session: Session, alba: Account, tuesday: Advance) -> None:
    tick(session)
    tuesday(timedelta(minutes=59))
    tick(session)
    assert told(session) == []
    tuesday(timedelta(minutes=1))
    for _ in range(3):
        tick(session)
    (mail,) = told(session)
    assert mail.account_id == session.scalar(select(Account.id).where(Account.roles.any_() == "supervisor"))
    assert (mail.facts or {})["contact_count"] == 1
    assert who(session).everybody[0].is_silent


def test_of_several_who_are_silent_one_mail_tells(session: Session, roster: list[Account], tuesday: Advance) -> None:
    tuesday(7 * DAY)
    tick(session)
    tuesday(HOUR)
    tick(session)
    assert [(mail.facts or {})["contact_count"] for mail in told(session)] == [3]


def test_a_late_answer_ends_the_silence(session: Session, alba: Account, tuesday: Advance) -> None:
    (test,) = tick(session)
    tuesday(2 * HOUR)
    answer(session, test.id, account_id=alba.id)
    session.flush()
    assert (who(session).everybody[0].is_silent, tell_of_silent(session)) == (False, 0)


def test_without_a_supervisor_the_offices_address_hears_it(session: Session, alba: Account, tuesday: Advance) -> None:
    for each in session.scalars(select(Account).where(Account.roles.any_() == "supervisor")):
        disable_account(session, each, actor="test")
    tick(session)
    tuesday(HOUR)
    tick(session)
    assert [mail.desk_id is not None for mail in told(session)] == [True]


@pytest.fixture
def really(database: None, tuesday: object, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Alba again, in a database in which things are committed."""
    with transaction() as session:
        alba = make_roster(session)[0]
    put_on_call(monkeypatch, "alba@example.com")
    return alba


def how_many(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ContactTest)) or 0


@pytest.mark.committed
def test_two_clocks_at_once_send_one_test(really: Account) -> None:
    both = Barrier(2)

    def once() -> bool:
        with transaction() as session:
            waiting = due(session)
            both.wait(5)
            return any(send_test(session, each) for each in waiting)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(each.result() for each in [pool.submit(once) for _ in range(2)]) == [False, True]
    with transaction() as session:
        assert how_many(session) == 1


@pytest.mark.committed
def test_two_clocks_at_once_tell_of_a_silence_once(really: Account, tuesday: Advance) -> None:
    with transaction() as session:
        send_test(session, really.id)
    tuesday(HOUR)
    both = Barrier(2)

    def once() -> int:
        with transaction() as session:
            both.wait(5)
            return tell_of_silent(session)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(each.result() for each in [pool.submit(once) for _ in range(2)]) == [0, 1]


def killed_after(act: Callable[[Session], object]) -> None:
    with transaction() as session:
        act(session)
        session.flush()
        raise KeyboardInterrupt


@pytest.mark.committed
def test_a_clock_that_is_killed_before_its_commit_leaves_the_test_to_the_next(really: Account) -> None:
    with pytest.raises(KeyboardInterrupt):
        killed_after(lambda session: send_test(session, really.id))
    for _ in range(2):
        with transaction() as session:
            tick(session)
    with transaction() as session:
        assert how_many(session) == 1
        assert session.scalars(select(ContactTest.sent_at)).one() == now()
