"""A session left alone locks and is opened again as the very one it was; sessions are told apart and ended."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from leads.accounts.models import Account, StaffSession
from leads.accounts.sessions import (
    IDLE,
    Opened,
    end_sessions,
    is_locked,
    lock,
    locks_in,
    open_session,
    revoke,
    session_of,
    sessions_of,
    signed_in,
    unlock,
)
from leads.accounts.sign_in import Refused, unlock_by_password
from leads.clock import real_now
from leads.errors import NotFound
from tests.accounts.cast import PASSWORD, make_account
from tests.accounts.proofs import opened

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator."""
    return make_account(session)


def leave_alone(session: Session, row: StaffSession, **how_long: float) -> None:
    """Nobody touches a session for so long."""
    session.execute(update(StaffSession).values(seen_at=real_now() - timedelta(**how_long)))
    session.refresh(row)


def test_after_a_quarter_of_an_hour_a_session_is_locked_not_over(session: Session, casey: Account) -> None:
    secret, row = opened(session, casey)
    leave_alone(session, row, seconds=IDLE.total_seconds() + 1)
    assert is_locked(row)
    assert signed_in(session, secret) is None
    assert session_of(session, secret) is not None


def test_it_says_how_long_it_stays_open(session: Session, casey: Account) -> None:
    _, row = opened(session, casey)
    leave_alone(session, row, minutes=10)
    assert 290 <= locks_in(row) <= 300


def test_unlocking_opens_the_very_same_session(session: Session, casey: Account) -> None:
    secret, row = opened(session, casey)
    lock(session, row)
    assert signed_in(session, secret) is None
    unlock(session, row, method="password")
    found = signed_in(session, secret)
    assert found
    assert found[1].id == row.id


def test_only_its_own_account_unlocks_a_session(session: Session, casey: Account) -> None:
    _, row = opened(session, casey)
    lock(session, row)
    assert isinstance(unlock_by_password(session, casey, row, "not the password", source=b"s"), Refused)
    assert is_locked(row)
    assert unlock_by_password(session, casey, row, PASSWORD, source=b"s") is None


def test_a_lock_does_not_make_a_session_last_longer(session: Session, casey: Account) -> None:
    secret, row = opened(session, casey)
    ends = row.expires_at
    unlock(session, row, method="password")
    assert row.expires_at == ends
    session.execute(update(StaffSession).values(expires_at=real_now()))
    assert session_of(session, secret) is None


@pytest.mark.parametrize(
    ("agent", "address", "browser", "place"),
    [
        (FIREFOX, "203.0.113.77", "Firefox on Linux", "203.0.113.…"),
        ("Mozilla/5.0 (iPhone) Safari/604.1", "2001:db8:1:2::7", "Safari on iPhone", "2001:db8:1:…"),
        ("", "", "a browser", None),
    ],
)
def test_where_is_said_coarsely(agent: str, address: str, browser: str, place: str | None) -> None:
    assert (Opened(agent, address).browser, Opened(agent, address).place) == (browser, place)


def test_one_session_is_ended_and_the_others_go_on(session: Session, casey: Account) -> None:
    secret, _ = opened(session, casey)
    open_session(session, casey, method="password", opened=Opened(FIREFOX))
    other = next(each for each in sessions_of(session, casey.id) if each.browser == "Firefox on Linux")
    revoke(session, casey.id, other.id, actor="system")
    assert signed_in(session, secret) is not None
    assert len(sessions_of(session, casey.id)) == 1


def test_nobody_ends_somebody_elses_session(session: Session, casey: Account) -> None:
    other = make_account(session, email="robin@example.com", name="Robin")
    _, row = opened(session, other)
    with pytest.raises(NotFound):
        revoke(session, casey.id, row.id, actor="system")


def test_ending_all_but_one_leaves_that_one(session: Session, casey: Account) -> None:
    _, mine = opened(session, casey)
    opened(session, casey)
    assert end_sessions(session, casey.id, but=mine.id) == 1
    assert [each.id for each in sessions_of(session, casey.id)] == [mine.id]
