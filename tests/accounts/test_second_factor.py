"""A code of the app is good once; a recovery code too; guessing is slow, and whoever has only the password stays outside."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts import recovery, second_factor
from leads.accounts.factor_models import RecoveryCode
from leads.accounts.models import Account, Attempt, StaffSession
from leads.accounts.sessions import signed_in
from leads.accounts.staff import reset_second_factor
from leads.clock import real_now
from leads.errors import Invalid
from tests.accounts.cast import make_account
from tests.accounts.proofs import code_of, give_app, opened


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator."""
    return make_account(session)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real clinic, not a trial."""
    monkeypatch.setattr(settings(), "handoff_mode", "production")


def test_in_production_the_password_alone_opens_nothing(session: Session, casey: Account, production: None) -> None:
    secret, _ = opened(session, casey)
    assert signed_in(session, secret) is None


def test_a_local_trial_may_put_it_off_until_there_is_one(session: Session, casey: Account) -> None:
    secret, _ = opened(session, casey)
    assert signed_in(session, secret) is not None
    give_app(session, casey)
    assert signed_in(session, secret) is None


def test_the_secret_is_sealed(session: Session, casey: Account) -> None:
    secret = second_factor.begin(casey)
    session.flush()
    assert secret.encode() not in bytes(session.execute(text("SELECT totp_secret FROM accounts")).scalar_one())


def test_beginning_twice_keeps_the_secret_that_was_scanned(session: Session, casey: Account) -> None:
    assert second_factor.begin(casey) == second_factor.begin(casey)


def test_an_app_counts_only_after_it_showed_a_right_code(session: Session, casey: Account) -> None:
    second_factor.begin(casey)
    with pytest.raises(Invalid):
        second_factor.confirm(session, casey, "000000")
    assert not second_factor.has_one(session, casey)


def test_a_right_code_opens_the_session(session: Session, casey: Account) -> None:
    give_app(session, casey)
    secret, row = opened(session, casey)
    assert second_factor.show(session, casey, row, code_of(casey)) is None
    assert signed_in(session, secret) is not None


def test_the_same_code_never_counts_twice(session: Session, casey: Account) -> None:
    give_app(session, casey)
    code = code_of(casey)
    assert second_factor.show(session, casey, opened(session, casey)[1], code) is None
    assert second_factor.show(session, casey, opened(session, casey)[1], code) == second_factor.WRONG


def test_a_code_before_the_one_taken_is_refused_too(session: Session, casey: Account) -> None:
    give_app(session, casey)
    assert second_factor.show(session, casey, opened(session, casey)[1], code_of(casey, steps=1)) is None
    assert second_factor.show(session, casey, opened(session, casey)[1], code_of(casey)) == second_factor.WRONG


@pytest.mark.parametrize("steps", [-2, 3])
def test_a_clock_more_than_a_step_off_is_refused(session: Session, casey: Account, steps: int) -> None:
    second_factor.begin(casey)
    casey.totp_confirmed_at = real_now()
    assert second_factor.show(session, casey, opened(session, casey)[1], code_of(casey, steps=steps)) == second_factor.WRONG


@pytest.mark.parametrize("code", ["", "abc", "１２３４５６", "0" * 40, "\x00"])
def test_what_is_no_code_is_refused_and_breaks_nothing(session: Session, casey: Account, code: str) -> None:
    give_app(session, casey)
    assert second_factor.show(session, casey, opened(session, casey)[1], code) == second_factor.WRONG


def test_five_wrong_codes_close_the_step_for_a_quarter_of_an_hour(session: Session, casey: Account) -> None:
    give_app(session, casey)
    _, row = opened(session, casey)
    for _ in range(5):
        second_factor.show(session, casey, row, "000000")
    assert second_factor.show(session, casey, row, code_of(casey)) == second_factor.TOO_OFTEN
    session.execute(update(Attempt).values(at=real_now() - timedelta(minutes=16)))
    assert second_factor.show(session, casey, row, code_of(casey)) is None


def test_ten_codes_open_the_step_once_each_however_they_are_typed(session: Session, casey: Account) -> None:
    codes = give_app(session, casey)
    assert len(set(codes)) == 10
    assert second_factor.show(session, casey, opened(session, casey)[1], codes[3].upper().replace("-", " ")) is None
    assert second_factor.show(session, casey, opened(session, casey)[1], codes[3]) == second_factor.WRONG
    assert recovery.left(session, casey) == 9


def test_recovery_codes_are_kept_as_hashes_of_their_account(session: Session, casey: Account) -> None:
    codes = give_app(session, casey)
    other = make_account(session, email="robin@example.com", name="Robin")
    assert not recovery.use(session, other, codes[0])
    assert codes[0].encode() not in b"".join(session.scalars(select(RecoveryCode.hash)))


def test_new_codes_void_those_before(session: Session, casey: Account) -> None:
    old = give_app(session, casey)
    recovery.make(session, casey)
    assert not recovery.use(session, casey, old[0])
    assert recovery.left(session, casey) == 10


def test_a_reset_forgets_app_and_codes_and_signs_out(session: Session, casey: Account) -> None:
    give_app(session, casey)
    opened(session, casey)
    reset_second_factor(session, casey)
    assert (casey.totp_secret, recovery.left(session, casey)) == (None, 0)
    assert session.scalar(select(func.count()).where(StaffSession.ended_at.is_(None))) == 0
